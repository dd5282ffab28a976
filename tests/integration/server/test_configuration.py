"""Configuration as YAML: export, apply, diff."""

from pathlib import Path

import pytest
import yaml

from vedette.domain.errors import ConfigurationError
from vedette.server.cameras.configuration import apply_config, export_config
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.cameras.revision import current
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import camera_specs

pytestmark = pytest.mark.django_db

TEXT = """
profiles:
  night: {labels: [person], rate_fps: 2}
cameras:
  door:
    name: Front door
    main_url: rtsp://ada:s3cret@cam/1
    profile: night
    zones:
      drive: {polygon: [[0, 0], [1, 0], [1, 1]], labels: [person]}
"""


def test_applies_once_and_then_changes_nothing() -> None:
    """Applying adds what is new; applying again is no change and moves no number."""
    diff = apply_config(TEXT)
    assert str(diff) == "+ profile night\n+ camera door"
    spec = camera_specs()[0]
    assert (spec.main.password.value, spec.profile.rate_fps, spec.zones[0].name) == ("s3cret", 2, "drive")
    number = current()
    assert not apply_config(TEXT)
    assert current() == number


def test_an_export_applies_without_a_change() -> None:
    """What is exported describes what is there, without the password."""
    apply_config(TEXT)
    text = export_config()
    assert "s3cret" not in text
    assert not apply_config(text)
    assert camera_specs()[0].main.password.value == "s3cret"


def test_the_diff_names_each_change() -> None:
    """Every changed field, zone and password has its line; the password itself is hidden."""
    apply_config(TEXT)
    document = yaml.safe_load(export_config())
    document["cameras"]["door"] |= {"enabled": False, "zones": {}, "password": "new!"}
    diff = apply_config(yaml.safe_dump(document))
    assert diff.lines == (
        "~ camera door: enabled True -> False",
        "~ camera door: zone drive removed",
        "~ camera door: password ***",
    )
    assert camera_specs()[0].main.password.value == "new!"


def test_a_dry_run_changes_nothing() -> None:
    """The diff is told, the database stays."""
    assert apply_config(TEXT, dry_run=True)
    assert not Camera.objects.exists()
    assert not Zone.objects.exists()


def test_nothing_absent_is_removed_without_prune() -> None:
    """Cameras that the text does not name stay, unless they are to go."""
    add_camera("Old", "rtsp://cam/2")
    assert "old" not in str(apply_config(TEXT))
    assert apply_config(TEXT, prune=True).lines == ("- camera old",)
    assert list(Camera.objects.values_list("id", flat=True)) == ["door"]


def test_passwords_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords come from the environment or a file as well."""
    monkeypatch.setenv("DOOR_PASSWORD", "from-env")
    apply_config("cameras: {door: {main_url: 'rtsp://c/1', password_env: DOOR_PASSWORD}}")
    assert camera_specs()[0].main.password.value == "from-env"
    (tmp_path / "pw").write_text("from-file\n")
    apply_config(f"cameras: {{door: {{password_file: '{tmp_path / 'pw'}'}}}}")
    assert camera_specs()[0].main.password.value == "from-file"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "cameras: {door: {main_url: 'rtsp://c/1', colour: red}}",
            "cameras: door: A camera has no field 'colour'",
        ),
        ("cameras: {door: {}}", "cameras: door"),
        ("cameras: [1]", "must hold names and values"),
        ("users: {}", "'users' is not known"),
        ("{", "not valid YAML"),
        ("profiles: {x: {skip_min: 9, skip_max: 3}}", "skip_max"),
        ("cameras: {door: {main_url: 'rtsp://c/1', password_env: NOT_SET_ANYWHERE}}", "is not set"),
        ("cameras: {door: {main_url: []}}", "main_url: an address is a text"),
        ("cameras: {'../x': {main_url: 'rtsp://c/1'}}", "id:"),
        ("cameras: {door: {main_url: 'rtsp://c/1', zones: {a: {polygon: [[0, 2]]}}}}", "polygon"),
        ("cameras: {door: {main_url: 'rtsp://c/1', enabled: perhaps}}", "enabled"),
    ],
)
def test_mistakes_are_named_and_nothing_changes(text: str, words: str) -> None:
    """A wrong text says what and where, and leaves everything as it was."""
    with pytest.raises(ConfigurationError) as caught:
        apply_config("profiles: {kept-out: {}}\n" + text if text.startswith("cam") else text)
    assert words in str(caught.value)
    assert not Camera.objects.exists()
    assert not Profile.objects.filter(name="kept-out").exists()
