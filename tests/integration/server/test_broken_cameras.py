"""Rows that nobody checked: one broken camera is left out with a reason, the others run."""

from typing import Any

import pytest

from vedette.server.cameras.desired import desired_state
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import camera_specs, trouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def cameras() -> Camera:
    """Two cameras, of which one will be broken."""
    add_camera("Yard", "rtsp://cam/2")
    return add_camera("Door", "rtsp://cam/1")


@pytest.mark.parametrize(
    ("field", "value"),
    [("transport", "pigeon"), ("recording_mode", "sometimes")],
)
def test_a_broken_camera_costs_only_itself(cameras: Camera, field: str, value: Any) -> None:
    """The worker's assignment holds the others; the reason is there in words."""
    Camera.objects.filter(pk="door").update(**{field: value})
    assert [spec.id for spec in camera_specs()] == ["yard"]
    _, assignments, _ = desired_state(["worker-1"])
    assert [spec.id for spec in assignments["worker-1"].cameras] == ["yard"]
    assert "cannot be used" in trouble(Camera.objects.get(pk="door"))
    assert trouble(Camera.objects.get(pk="yard")) == ""


@pytest.mark.parametrize("polygon", ["nonsense", {"x": 1}, [[0]], [["a", "b"]], 7])
def test_zones_of_any_shape_are_survived(cameras: Camera, polygon: Any) -> None:
    """A polygon that is none is the camera's trouble."""
    Zone.objects.bulk_create([Zone(camera=cameras, name="a", polygon=polygon)])
    assert [spec.id for spec in camera_specs()] == ["yard"]


@pytest.mark.parametrize("scores", [[1], {"person": "high"}, "x"])
def test_profiles_of_any_shape_are_survived(cameras: Camera, scores: Any) -> None:
    """Likewise scores of a profile."""
    profile = Profile.objects.bulk_create([Profile(name="odd", label_scores=scores)])[0]
    Camera.objects.filter(pk="door").update(profile=profile)
    assert [spec.id for spec in camera_specs()] == ["yard"]


def test_an_unreadable_password_is_told(cameras: Camera) -> None:
    """The camera runs without it, and its page can say why it will not stream."""
    Camera.objects.filter(pk="door").update(password_encrypted="of another key")
    assert len(camera_specs()) == 2
    assert "enter the password again" in trouble(Camera.objects.get(pk="door"))
