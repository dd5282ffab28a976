"""A detector for a model name, whatever it takes: file, download, or the fallback that needs neither."""

import contextlib
import threading
from typing import TYPE_CHECKING

import structlog

from vedette.domain.errors import VedetteError
from vedette.models.download import OnProgress, progress_bar
from vedette.models.store import ModelStore
from vedette.vision.detectors import people
from vedette.vision.detectors.base import Detector, DetectorSettings
from vedette.vision.detectors.registry import load_detector

if TYPE_CHECKING:
    from vedette.settings import Settings

log = structlog.get_logger(__name__)


class DetectorLoader:
    """Loads detectors as the settings want them; safe to use from several threads.

    Attributes:
        active: the model that was loaded last, or the fallback in its place; empty for motion only.
        message: one line for the user when it is not the wanted model, else empty.
    """

    def __init__(self, settings: "Settings", *, progress: bool = False) -> None:
        self._store = ModelStore(settings.layout().models, settings.models)
        self._default = settings.detector.model
        self._settings = detector_settings(settings)
        self._progress = progress
        self._pulling = threading.Lock()
        self.active = ""
        self.message = ""

    def fetch(self, name: str = "") -> str:
        """Have the (default) model's file; the line for the user when that cannot be, else empty."""
        try:
            self._pull(name or self._default)
        except VedetteError as error:
            return without_model(name or self._default, error)
        return ""

    def load(self, name: str) -> Detector | None:
        """The detector of the model, or the fallback, or None; `message` says what it is."""
        try:
            detector: Detector | None = self.load_strictly(name)
            self.message = ""
        except VedetteError as error:
            detector = fallback_detector(self._settings)
            self._explain(without_model(name, error))
        self.active = detector.name if detector else ""
        return detector

    def load_strictly(self, name: str) -> Detector:
        """The detector of the model and nothing else. Raises ModelError or ConfigurationError."""
        if name == people.NAME and people.is_available():
            return people.people_detector(self._settings)
        self._pull(name)
        return load_detector(self._store.locate(name), self._settings)

    def _pull(self, name: str) -> None:
        """Download when the catalogue knows the model and no file is there."""
        with self._pulling, contextlib.ExitStack() as stack:
            if name not in self._store.entries():
                return
            bar: list[OnProgress] = []

            def show(done: int, total: int) -> None:
                if self._progress and not bar:
                    bar.append(stack.enter_context(progress_bar(name)))
                for update in bar:
                    update(done, total)

            self._store.pull(name, show)

    def _explain(self, message: str) -> None:
        if message != self.message:
            log.warning("model is not available", detail=message)
        self.message = message


def detector_settings(settings: "Settings") -> DetectorSettings:
    """How the installation's settings want detectors to run."""
    return DetectorSettings(backend=settings.detector.engine, devices=settings.detector.providers)


def fallback_detector(settings: DetectorSettings | None = None) -> Detector | None:
    """The detector that needs no model file (people only), None where OpenCV came without it."""
    return people.people_detector(settings) if people.is_available() else None


def without_model(name: str, error: VedetteError) -> str:
    """The one clear line for the user when a model cannot be had."""
    instead = "only people are found" if people.is_available() else "only motion makes events"
    return f"Without the model {name} {instead}: {error}"
