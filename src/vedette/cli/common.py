"""What several commands share."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from vedette.settings import Settings, load_settings

if TYPE_CHECKING:
    from vedette.models.store import ModelStore
    from vedette.vision.detectors.base import Detector

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="VEDETTE_HOME", help="Data, database and secrets. Default: ~/.local/share/vedette"
    ),
]

PIPE_COLUMNS = 250
"""Where output is no terminal, tables are not squeezed: a script wants whole names and paths."""

out = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
errors = Console(stderr=True)


def use_database(home: Path | None) -> Settings:
    """Prepare the home and Django, with all migrations applied, for a command that works on the database."""
    from vedette.node.logging import configure_logging
    from vedette.server.setup import setup_django

    configure_logging(level="warning")
    settings = load_settings(home=home)
    setup_django(settings)
    return settings


def model_store(home: Path | None) -> "ModelStore":
    """The models of this home, after the folders that `VEDETTE_MODELS` names."""
    from vedette.models.store import ModelStore

    settings = load_settings(home=home)
    return ModelStore(settings.layout().models, settings.models)


def load_named_detector(name: str, home: Path | None = None) -> "Detector | None":
    """The detector of a catalogue entry or ONNX file, downloaded when needed, with its fallbacks.

    Without a name the default model is taken; when it cannot be had, the fallback that needs no file, or
    None, and one line on standard error says so.

    Raises:
        ModelError: the model was named, and cannot be used.
    """
    from vedette.models.loader import DetectorLoader

    settings = load_settings(home=home)
    loader = DetectorLoader(settings, progress=True)
    if name:
        return loader.load_strictly(name)
    detector = loader.load(settings.detector.model)
    if loader.message:
        errors.print(loader.message, style="yellow", highlight=False, soft_wrap=True)
    return detector
