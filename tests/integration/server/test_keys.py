"""Keys of stored secrets: renewing, losing, finding again."""

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from vedette.node.home import Home
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera, change_camera
from vedette.server.cameras.specs import camera_specs
from vedette.server.keys import check_keys, rotate_keys, rotate_session_key
from vedette.server.sealed import sealed_values, unreadable
from vedette.server.secrets import FERNET, SecretError, django_key, home_vault, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Home:
    """An installation with two cameras that have a password, and one without."""
    settings.HOME = Home(tmp_path).prepare()
    add_camera("Door", "rtsp://u:s3cret@cam/1")
    add_camera("Yard", "rtsp://u:p4ss@cam/2")
    add_camera("Open", "rtsp://cam/3")
    return Home(tmp_path)


def passwords() -> list[str]:
    """As the workers get them."""
    return [spec.main.password.value for spec in camera_specs()]


def test_a_new_key_opens_everything_alone(home: Home) -> None:
    """After the rotation the file holds one new key; the old one lies aside, for this user only."""
    old = (home.secrets / FERNET).read_text()
    before = passwords()
    tokens = [sealed.value for sealed in sealed_values()]
    done = rotate_keys()
    assert (done.values, passwords()) == (2, before)
    assert len(home_vault().keys) == 1
    assert home_vault().keys[0] != old
    assert not set(tokens) & {sealed.value for sealed in sealed_values()}
    assert done.aside is not None
    assert done.aside.read_text() == old
    assert stat.S_IMODE(done.aside.stat().st_mode) == 0o600


def test_an_interrupted_rotation_is_finished_by_the_next(home: Home) -> None:
    """With two keys in the file both open, and the next rotation leaves one."""
    path = home.secrets / FERNET
    path.write_text(new_key() + "\n" + path.read_text())
    change_camera(Camera.objects.get(pk="door"), {"password": "n3w"})
    assert set(passwords()) == {"n3w", "p4ss", ""}
    assert rotate_keys().values == 2
    assert set(passwords()) == {"n3w", "p4ss", ""}


def test_a_value_that_nothing_opens_stops_the_rotation(home: Home) -> None:
    """It is named, nothing is lost, and `check` finds it too."""
    Camera.objects.filter(pk="door").update(password_encrypted=vault_of(home, "other").encrypt("x"))
    before = {sealed.key: sealed.value for sealed in sealed_values()}
    assert unreadable(home_vault()) == ["camera door"]
    with pytest.raises(SecretError, match="camera door"):
        rotate_keys()
    assert {sealed.key: sealed.value for sealed in sealed_values()} == before
    assert "p4ss" in passwords()


def vault_of(home: Home, name: str) -> Any:
    """A vault with another key."""
    return type(home_vault())(home.path / name)


def test_a_lost_key_is_told_at_the_start(home: Home) -> None:
    """In words; the cameras run without passwords, and all is well again with the key."""
    assert check_keys() == ""
    aside = shutil.move(home.secrets / FERNET, home.path / "aside")
    assert "are missing" in check_keys()
    assert "camera door, camera yard" in check_keys()
    assert passwords() == ["", "", ""]
    with pytest.raises(SecretError, match="is missing"):
        home_vault().decrypt(Camera.objects.get(pk="door").password_encrypted)
    shutil.move(aside, home.secrets / FERNET)
    assert passwords() == ["s3cret", "", "p4ss"]


def test_keys_of_the_settings_take_the_place_of_the_file(settings: Any, home: Home) -> None:
    """The newest encrypts, all of them open; rotating uses the first and writes no file."""
    old, new = home_vault().keys[0], new_key()
    given = settings.VEDETTE.model_copy(update={"encryption_keys": SecretStr(f"{new}, {old}")})
    settings.VEDETTE = given
    assert passwords() == ["s3cret", "", "p4ss"]
    assert rotate_keys() == (2, None)
    settings.VEDETTE = given.model_copy(update={"encryption_keys": SecretStr(new)})
    assert passwords() == ["s3cret", "", "p4ss"]
    settings.VEDETTE = given.model_copy(update={"encryption_keys": SecretStr("none")})
    assert "no key" in check_keys()


def test_a_password_may_be_a_credential(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is stored, the worker gets what it refers to; what is missing costs that camera alone."""
    (home.path / "door").write_text("from systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(home.path))
    change_camera(Camera.objects.get(pk="door"), {"password": "credential:door"})
    change_camera(Camera.objects.get(pk="yard"), {"password": "credential:none"})
    assert passwords() == ["from systemd", "", ""]


def test_tokens_inside_json_are_found(home: Home, administrator: Any) -> None:
    """Second factors keep theirs inside of other values."""
    mfa = pytest.importorskip("allauth.mfa.models")
    data = {"secret": home_vault().encrypt("totp"), "other": 1}
    row = mfa.Authenticator.objects.create(user=administrator, type="totp", data=data)
    assert rotate_keys().values == 3
    row.refresh_from_db()
    assert row.data["secret"] != data["secret"]
    assert home_vault().decrypt(row.data["secret"]) == "totp"


def test_the_key_of_sessions_is_replaced(home: Home) -> None:
    """The next start signs with another."""
    old = django_key(home.secrets)
    rotate_session_key()
    assert django_key(home.secrets) != old
