"""The commands that work on a home without a running Vedette."""

import json
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.acceptance.product import done, vedette
from tests.support.onnx_models import write_model
from tests.support.video import Video

SECRET = "p%40ss:w/ord&?"


def everything_below(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_help_names_every_command() -> None:
    """A newcomer finds what there is."""
    said = done("--help")
    for command in ("run", "analyze", "check", "config", "models", "evaluate", "camera", "token", "demo"):
        assert command in said


def test_cameras_are_added_listed_and_removed(home: Path) -> None:
    """What was added is listed whole, also in a pipe, and gone after it was removed."""
    url = "rtsp://camera.example/a/rather/long/path/of/a/stream?channel=1&subtype=0"
    assert "front-door" in done("camera", "add", "Front door", url, home=home)
    assert url in done("camera", "list", home=home)
    assert "removed" in done("camera", "remove", "front-door", home=home)
    assert "front-door" not in done("camera", "list", home=home)


@pytest.mark.parametrize("arguments", [("remove", "nobody"), ("add", "A", "gopher://x/y"), ("add", "A", "")])
def test_what_cannot_be_done_to_cameras_is_said(home: Path, arguments: tuple[str, ...]) -> None:
    """Status 2, one sentence, no traceback."""
    result = vedette("camera", *arguments, home=home)
    assert result.returncode == 2
    assert result.stderr.startswith("vedette: ")
    assert "Traceback" not in result.stderr


def test_a_cameras_password_is_nowhere_to_be_read(home: Path) -> None:
    """Not in the list, not in the export, and only encrypted below the home (P6)."""
    url = "rtsp://joe:p%2540ss%3Aw%2Ford%26%3F@camera.example/stream"
    done("camera", "add", "Door", url, home=home)
    said = done("camera", "list", home=home) + done("config", "export", home=home)
    assert "joe" in said
    for form in (SECRET, "p%2540ss"):
        assert form not in said
        assert form.encode() not in everything_below(home)


def test_configuration_goes_round(home: Path, tmp_path: Path) -> None:
    """An export applied to the same home changes nothing; to another home, it makes the same cameras."""
    done(
        "camera", "add", "Door", "rtsp://camera.example/door", "--sub", "rtsp://camera.example/sub", home=home
    )
    text = done("config", "export", home=home)
    again = vedette("config", "apply", "-", home=home, text=text)
    assert (again.returncode, again.stdout) == (0, "")
    assert "Nothing to change" in again.stderr
    first = vedette("config", "apply", "-", home=tmp_path / "other", text=text)
    assert first.returncode == 0
    assert "door" in first.stdout
    assert done("config", "export", home=tmp_path / "other") == text


def test_apply_tells_the_difference_first(home: Path, tmp_path: Path) -> None:
    """With --dry-run the difference is printed and not made; without, it is made."""
    done("camera", "add", "Door", "rtsp://camera.example/door", home=home)
    document = yaml.safe_load(done("config", "export", home=home))
    document["cameras"]["door"]["recording_mode"] = "events"
    zone = {"polygon": [[0, 0], [1, 0], [0.5, 1]], "labels": ["person"]}
    document["cameras"]["door"]["zones"] = {"porch": zone}
    file = tmp_path / "wanted.yaml"
    file.write_text(yaml.safe_dump(document))
    before = done("config", "export", home=home)
    shown = done("config", "apply", file, "--dry-run", home=home)
    assert "recording_mode" in shown
    assert "porch" in shown
    assert done("config", "export", home=home) == before
    assert done("config", "apply", file, home=home) == shown
    assert (
        yaml.safe_load(done("config", "export", home=home))["cameras"]["door"]["recording_mode"] == "events"
    )


def test_prune_removes_what_the_file_does_not_name(home: Path) -> None:
    """Cameras that are only absent stay unless they are to go."""
    done("camera", "add", "Door", "rtsp://camera.example/door", home=home)
    assert vedette("config", "apply", "-", home=home, text="cameras: {}").returncode == 0
    assert "door" in done("camera", "list", home=home)
    assert vedette("config", "apply", "-", "--prune", home=home, text="cameras: {}").returncode == 0
    assert "door" not in done("camera", "list", home=home)


@pytest.mark.parametrize(
    "text",
    ["cameras: [", "just words", "cameras: {x: {main_url: 5}}", "!!python/object/apply:os.system ['true']"],
)
def test_a_configuration_that_is_none_changes_nothing(home: Path, text: str) -> None:
    """Status 2 and a sentence; nothing in it is ever executed (P6)."""
    result = vedette("config", "apply", "-", home=home, text=text)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_a_token_is_printed_once_and_stored_hashed(home: Path) -> None:
    """Standard output is the token alone, so that scripts can take it."""
    token = done("token", "create", "script", "--role", "operator", home=home).strip()
    assert len(token) >= 32
    assert " " not in token
    assert token.encode() not in everything_below(home)


def test_a_role_that_does_not_exist_is_refused(home: Path) -> None:
    """Status 2 and the roles there are."""
    result = vedette("token", "create", "script", "--role", "emperor", home=home)
    assert result.returncode == 2
    assert "administrator" in result.stderr


def test_a_model_of_ones_own_is_added_listed_and_verified(home: Path, tmp_path: Path) -> None:
    """`models add FILE --labels FILE` tries it out; a later change of the file is found."""
    model = write_model(tmp_path / "mine.onnx", {"output": np.zeros((84, 7), np.float32)})
    labels = tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n")
    assert "mine" in done("models", "add", model, "--labels", labels, home=home)
    assert str(home / "models" / "mine.onnx") in done("models", "list", home=home)
    assert "as it should be" in done("models", "verify", "mine", home=home)
    with (home / "models" / "mine.onnx").open("ab") as file:
        file.write(b"more")
    result = vedette("models", "verify", "mine", home=home)
    assert result.returncode == 2
    assert "SHA-256" in result.stderr


def test_a_file_that_is_no_model_is_not_taken_in(home: Path, tmp_path: Path) -> None:
    """Status 2, a sentence, and nothing in the home's models."""
    (tmp_path / "notes.onnx").write_text("Dear diary,")
    result = vedette("models", "add", tmp_path / "notes.onnx", home=home)
    assert result.returncode == 2
    assert "notes.onnx" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(home.glob("models/*.onnx"))


def test_a_model_that_cannot_be_downloaded_says_what_to_do(home: Path) -> None:
    """Without a network: status 2, the reason, and the other way to get it."""
    result = vedette("models", "pull", "yolox_nano", home=home, env={"VEDETTE_MODELS": ""})
    assert result.returncode == 2
    assert "VEDETTE_MODELS" in result.stderr


def test_the_real_model_is_verified(home: Path, models_dir: Path) -> None:
    """The default model's file is the one of the catalogue."""
    assert "yolox_nano" in done("models", "verify", "yolox_nano", home=home)


def test_events_are_evaluated_against_the_truth(visit: Video, tmp_path: Path) -> None:
    """`vedette evaluate EVENTS TRUTH` takes what `analyze` prints."""
    lines = vedette("analyze", visit.path, "--json").stdout
    events = tmp_path / f"{visit.path.stem}.jsonl"
    events.write_text(lines)
    (presence,) = visit.presences
    interval = {"label": "person", "start_s": presence.start_s, "end_s": presence.end_s, "certain": True}
    truth = {visit.path.name: {"duration_s": 9.0, "presence": [interval]}}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    said = done("evaluate", events, tmp_path / "truth.json")
    assert visit.path.stem in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Status 2 and what to do."""
    (tmp_path / "home").mkdir(mode=0o500)
    result = vedette("camera", "list", home=tmp_path / "home")
    assert result.returncode == 2
    assert "--home" in result.stderr


def test_a_file_in_the_place_of_the_home_is_said(tmp_path: Path) -> None:
    """Status 2 and what to do, for every command that needs a home."""
    (tmp_path / "home").write_text("not a folder")
    for command in (["camera", "list"], ["run"], ["check"], ["token", "create", "x"]):
        result = vedette(*command, home=tmp_path / "home")
        assert result.returncode == 2, result
        assert "cannot be written" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_database_that_is_none_is_said(home: Path) -> None:
    """Status 2 and the file's name; the file is left as it is."""
    home.mkdir()
    (home / "vedette.sqlite3").write_bytes(b"not a database at all" * 100)
    result = vedette("camera", "list", home=home)
    assert result.returncode == 2
    assert "database" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_locked_database_is_waited_for_and_then_named(home: Path) -> None:
    """A writer that does not let go costs a sentence, not a traceback, and no data."""
    done("camera", "add", "Door", "rtsp://camera.example/door", home=home)
    other = sqlite3.connect(home / "vedette.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    result = vedette("camera", "add", "Yard", "rtsp://camera.example/yard", home=home)
    other.execute("ROLLBACK")
    other.close()
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "locked" in result.stderr
    assert "door" in done("camera", "list", home=home)


def test_a_settings_file_with_a_typing_mistake_is_named(home: Path) -> None:
    """The wrong name, the file, status 2."""
    home.mkdir()
    (home / "vedette.yaml").write_text("prot: 8080\n")
    result = vedette("camera", "list", home=home)
    assert result.returncode == 2
    assert "prot" in result.stderr
    assert "vedette.yaml" in result.stderr
