"""The whole chain finds what the program itself has drawn."""

from pathlib import Path

import pytest

from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.messages import EventMessage
from vedette.pipeline.analyze import Summary, analyze
from vedette.testing.scenes import SCENES
from vedette.vision.detectors.registry import load_detector


@pytest.mark.parametrize("name", ["room", "street"])
def test_a_scene_gives_one_event_for_each_figure_at_its_time(models_dir: Path, name: str) -> None:
    """One event overlaps each presence, with its label and to the second, and there is no other."""
    url = f"scene:{name}"
    detector = load_detector(models_dir / "yolox_nano.onnx")
    spec = CameraSpec(id="demo", name="demo", main=StreamSpec(url=url))
    ended: list[EventMessage] = []
    analyze(
        url,
        spec,
        detector,
        Summary(file=url),
        on_events=lambda some: ended.extend(m for m in some if m.phase == "end"),
    )
    scene = SCENES[name]
    (presence,) = scene.presences(scene.period_s)
    (event,) = ended
    assert (event.kind, event.label) == ("object", presence.label)
    assert event.start_utc_s == pytest.approx(presence.start_s, abs=1.0)
    assert event.end_utc_s == pytest.approx(presence.end_s, abs=1.5)
