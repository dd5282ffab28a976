"""What `vedette demo` shows."""

import httpx

from vedette.cli.common import errors, out
from vedette.domain.errors import VedetteError
from vedette.models.download import Source, download, progress_bar
from vedette.node.home import Home

SAMPLE = Source(
    "https://raw.githubusercontent.com/intel-iot-devkit/sample-videos/"
    "57978890822836f2b4743852f04f62fc511757e4/one-by-one-person-detection.mp4",
    3_291_918,
    "a5964aa259099a482a8b360ffc2c57b5a30f84d5919236a4dad01f8e929ac07c",
)
"""Six people visit a table, one by one, in 139 s (Intel, CC-BY 4.0)."""
SCENE = "scene:garden"


def sample_source(home: Home) -> str:
    """The path of the public sample clip, downloaded once, or the address of a rendered scene."""
    path = home.path / "demo" / "one-by-one-person-detection.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with progress_bar("sample clip") as show:
                download(SAMPLE, path, show)
        except (VedetteError, OSError, httpx.HTTPError):
            errors.print(
                "The sample clip cannot be downloaded; this demo shows a scene that the program renders.",
                style="yellow",
            )
            return SCENE
    out.print("The demo plays a clip by Intel (sample-videos, CC-BY 4.0).", highlight=False)
    return str(path)
