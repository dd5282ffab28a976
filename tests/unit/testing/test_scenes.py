"""Rendered scenes: deterministic, true to what they declare, and known to a real detector."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.testing.backgrounds import BACKGROUNDS
from vedette.testing.figures import blend, draw_figure, half_width
from vedette.testing.scenes import SCENES, Renderer, Scene, Walk
from vedette.vision.detectors.registry import load_detector

KINDS = ("person", "car", "dog")


def test_the_same_moment_is_the_same_picture_everywhere() -> None:
    """Two renderers of one scene agree to the last bit; another seed gives another picture."""
    scene = SCENES["garden"]
    one, two = Renderer(scene, 320, 180), Renderer(scene, 320, 180)
    assert np.array_equal(one.picture(10.0), two.picture(10.0))
    other = Renderer(Scene(scene.background, scene.walks, seed=7), 320, 180)
    assert not np.array_equal(one.picture(10.0), other.picture(10.0))


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_drawn_inside_the_box_that_is_declared(kind) -> None:
    """Almost all changed pixels lie in the declared box, which they fill from side to side."""
    walk = Walk(kind, 0, 10, ((0.5, 0.9), (0.5, 0.9)), 0.4)
    with_it = Renderer(Scene(walks=(walk,), noise_sigma=0), 640, 360).picture(5.0).astype(int)
    without = Renderer(Scene(noise_sigma=0), 640, 360).picture(5.0)
    changed = np.abs(with_it - without).max(axis=2) > 50
    ((label, box),) = Scene(walks=(walk,)).boxes(5.0, 640, 360)
    rows, columns = np.nonzero(changed)
    inside = (
        (columns >= box.x - 6) & (columns <= box.right + 6) & (rows >= box.y - 3) & (rows <= box.bottom + 8)
    )
    assert label == kind
    assert inside.mean() > 0.97
    assert rows.max() - rows.min() > 0.85 * box.height


@pytest.mark.parametrize("kind", KINDS)
def test_legs_and_wheels_move_and_a_figure_can_turn_round(kind) -> None:
    """Another phase is another drawing; facing left is no copy of facing right."""
    look = Walk().look
    step = draw_figure(kind, 80, 1.5, look)
    assert not np.array_equal(step, draw_figure(kind, 80, 0.3, look))
    assert not np.array_equal(step, draw_figure(kind, 80, 1.5, look, facing_left=True))
    assert step.shape[0] == 80
    assert step.shape[1] >= 2 * half_width(kind) * 80 * 0.9


def test_presences_are_the_times_at_which_boxes_are_in_view() -> None:
    """A repeated scene repeats its presences; a figure that is never in view has none."""
    scene = Scene(walks=(Walk("person", 2, 6), Walk("car", 0, 9, ((2.0, 0.9), (3.0, 0.9)))), period_s=10)
    presences = scene.presences(20)
    assert [p.label for p in presences] == ["person", "person"]
    assert presences[1].start_s == pytest.approx(presences[0].start_s + 10, abs=0.05)
    for at_s in (presences[0].start_s + 0.05, presences[0].end_s - 0.05):
        assert scene.boxes(at_s, 640, 360)
    for at_s in (presences[0].start_s - 0.1, presences[0].end_s + 0.1):
        assert not scene.boxes(at_s, 640, 360)


def test_noise_has_the_strength_that_was_asked_for() -> None:
    """The standard deviation between two pictures of a still place is that of the noise."""
    renderer = Renderer(Scene(noise_sigma=3.0), 320, 180)
    difference = renderer.picture(0.0).astype(float) - renderer.picture(0.1)
    assert difference.std() / 2**0.5 == pytest.approx(3.0, rel=0.1)


def test_the_light_goes_off_and_on() -> None:
    """From each time on, the picture has the declared brightness."""
    renderer = Renderer(Scene(lights=((1.0, 0.3), (2.0, 1.0)), noise_sigma=0), 160, 96)
    before, dark, after = (renderer.picture(at_s).mean() for at_s in (0.5, 1.5, 2.5))
    assert dark == pytest.approx(0.3 * before, rel=0.05)
    assert after == before


@given(
    left=st.integers(-60, 90),
    top=st.integers(-60, 70),
    height=st.integers(4, 50),
    kind=st.sampled_from(KINDS),
)
@settings(max_examples=50)
def test_a_patch_is_cut_at_the_picture_edge(left: int, top: int, height: int, kind: str) -> None:
    """Blending anywhere changes at most the overlap, and never fails."""
    picture = np.zeros((60, 80, 3), np.uint8)
    patch = draw_figure(kind, height, 0.0, Walk().look)
    blend(picture, patch, left, top)
    rows, columns = np.nonzero(picture.any(axis=2))
    assert all(top <= row < top + patch.shape[0] for row in rows)
    assert all(left <= column < left + patch.shape[1] for column in columns)


@pytest.mark.parametrize("name", sorted(BACKGROUNDS))
@pytest.mark.parametrize("size", [(160, 96), (641, 363)])
def test_places_can_have_any_size(name, size) -> None:
    """Odd sizes too; and they are not flat."""
    picture = BACKGROUNDS[name](*size, 1)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.std() > 10


@pytest.mark.parametrize(("scene", "label"), [("garden", "person"), ("garden", "car"), ("room", "person")])
def test_a_real_detector_knows_the_figures(models_dir: Path, scene: str, label: str) -> None:
    """In most of the moments at which it is there, `yolox_nano` finds the figure where it is."""
    detector = load_detector(models_dir / "yolox_nano.onnx")
    renderer = Renderer(SCENES[scene], 1280, 720)
    presence = next(p for p in SCENES[scene].presences(60) if p.label == label)
    moments = np.linspace(presence.start_s + 0.7, presence.end_s - 0.7, 6)
    found = [_finds(detector, renderer, at_s, label) for at_s in moments]
    assert sum(found) >= 5


def _finds(detector, renderer: Renderer, at_s: float, label: str) -> bool:
    ((_, truth),) = renderer.scene.boxes(at_s, 1280, 720)
    (objects,) = detector.detect(BgrPicture(renderer.picture(at_s)), [Box(0, 0, 1280, 720)])
    return any(o.label == label and o.score > 0.4 and _overlap(o.box, truth) > 0.5 for o in objects)


def _overlap(a: Box, b: Box) -> float:
    width = min(a.right, b.right) - max(a.x, b.x)
    height = min(a.bottom, b.bottom) - max(a.y, b.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (a.area + b.area - shared)
