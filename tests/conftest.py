"""What every test may ask for: data, models, videos, a home; and what no test may leave behind."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.support.video import VideoMaker

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VEDETTE_TEST_DATA") or ROOT / "../shared/data").resolve()

if "VEDETTE_MODELS" not in os.environ and (DATA / "models").is_dir():
    os.environ["VEDETTE_MODELS"] = str(DATA / "models")

# The same examples in every run, whatever the pace of the machine; who looks for longer gets new ones.
settings.register_profile(
    "vedette",
    deadline=None,
    derandomize="VEDETTE_FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("vedette")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty Vedette home for the whole session; nothing a test does reaches the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VEDETTE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real footage and its ground truth."""
    if not DATA.is_dir():
        pytest.skip(f"no test data at {DATA}: VEDETTE_TEST_DATA names its folder")
    return DATA


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A folder with real detector models."""
    folders = [Path(part) for part in os.environ.get("VEDETTE_MODELS", "").split(os.pathsep) if part]
    found = next((folder for folder in folders if any(folder.glob("*.onnx"))), None)
    if found is None:
        pytest.skip("no detector models: VEDETTE_MODELS names their folder")
    return found


@pytest.fixture(scope="session")
def clip(data_dir: Path) -> Callable[[str], Path]:
    """Find a real clip by name: `clip("syn_room_people.mp4")`."""

    def find(name: str) -> Path:
        path = data_dir / "clips" / name
        if not path.exists():
            pytest.skip(f"no clip {name} in the test data")
        return path

    return find


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, for a person to look at."""
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> VideoMaker:
    """Make real videos with known truth; see `tests.support.video`."""
    return VideoMaker(tmp_path_factory.mktemp("videos"))


@pytest.fixture(autouse=True)
def no_children_left() -> Iterator[None]:
    """Fail a test that leaves a process of its own behind, and end that process."""
    before = set(psutil.Process().children(recursive=True))
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    left = psutil.wait_procs([child for child in left if not _may_stay(child)], timeout=20)[1]
    names = [_describe(child) for child in left]
    for child in left:
        child.kill()
    psutil.wait_procs(left, timeout=5)
    assert not names, f"processes left behind: {names}"


def _may_stay(child: psutil.Process) -> bool:
    """Python's own resource tracker lives as long as the process that needed it; zombies hold nothing."""
    try:
        return child.status() == psutil.STATUS_ZOMBIE or "resource_tracker" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return True


def _describe(child: psutil.Process) -> str:
    try:
        return f"{child.pid} {' '.join(child.cmdline())}"
    except psutil.NoSuchProcess:
        return str(child.pid)
