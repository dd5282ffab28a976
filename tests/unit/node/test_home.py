import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import Child
from vedette.bus.ipc import endpoint
from vedette.bus.topics import Topic
from vedette.domain.errors import ConfigurationError
from vedette.node.home import LONGEST_SOCKET_PATH_BYTES, Home

HOLD = """
import sys, time
from pathlib import Path
from vedette.node.home import Home
lock = Home(Path(sys.argv[1])).prepare().lock()
print("locked", flush=True)
time.sleep(60)
"""


def long_path(tmp_path: Path) -> Path:
    return tmp_path / ("deep" * 20)


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """VEDETTE_HOME wins over the default."""
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path / "here"))
    assert Home().path == tmp_path / "here"


def test_the_default_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word about it, everything lives in ~/.local/share/vedette."""
    monkeypatch.delenv("VEDETTE_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert Home().path == Path("~/.local/share/vedette").expanduser()


def test_a_relative_home_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All processes mean the same place, whatever their working directory."""
    monkeypatch.chdir(tmp_path)
    assert Home(Path("here")).path == tmp_path / "here"


def test_prepare_makes_private_folders(tmp_path: Path) -> None:
    """Recordings and secrets are for their owner alone (P6)."""
    home = Home(tmp_path / "home").prepare()
    folders = (
        home.path,
        home.secrets,
        home.recordings,
        home.snapshots,
        home.models,
        home.outbox_folder,
        home.runtime,
    )
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_prepare_may_be_repeated(tmp_path: Path) -> None:
    """Every process prepares the home; open secrets are closed again."""
    home = Home(tmp_path / "home").prepare()
    home.secrets.chmod(0o755)
    home.prepare()
    assert home.secrets.stat().st_mode & 0o777 == 0o700


def test_recordings_may_be_a_link_to_another_disk(tmp_path: Path) -> None:
    """A link in the place of a folder is respected."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "recordings").symlink_to(tmp_path / "disk")
    assert Home(tmp_path / "home").prepare().recordings.resolve() == tmp_path / "disk"


@pytest.mark.parametrize("topic", list(Topic))
def test_socket_paths_are_short_however_long_the_home(tmp_path: Path, topic: Topic) -> None:
    """Unix sockets work for every home."""
    for home in (Home(tmp_path), Home(long_path(tmp_path))):
        address = endpoint(home.runtime, f"bus-{topic}")
        assert len(address.removeprefix("ipc://")) <= LONGEST_SOCKET_PATH_BYTES


def test_long_homes_have_folders_of_their_own(tmp_path: Path) -> None:
    """Two homes never share sockets; one home always finds the same."""
    first, second = Home(long_path(tmp_path) / "1"), Home(long_path(tmp_path) / "2")
    assert first.runtime != second.runtime
    assert first.runtime == Home(long_path(tmp_path) / "1").runtime
    home = first.prepare()
    assert home.runtime.stat().st_mode & 0o777 == 0o700
    home.runtime.rmdir()


def test_a_planted_runtime_folder_is_refused(tmp_path: Path) -> None:
    """In /tmp somebody else's link is not followed."""
    home = Home(long_path(tmp_path))
    home.runtime.symlink_to(tmp_path)
    try:
        with pytest.raises(ConfigurationError, match="somebody else"):
            home.prepare()
    finally:
        home.runtime.unlink()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigurationError, match=r"home cannot be written.*--home"):
        Home(tmp_path / "home").prepare()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_refused(tmp_path: Path) -> None:
    """Likewise for missing permissions."""
    (tmp_path / "home").mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Home(tmp_path / "home").prepare()


def test_proc_is_no_home() -> None:
    """A place where nobody may write, root included, is refused with a clear message."""
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Home(Path("/proc/vedette")).prepare()


def test_one_supervisor_per_home(tmp_path: Path) -> None:
    """The second is told the process id of the first; a killed first leaves nothing behind."""
    with Child([sys.executable, "-c", HOLD, tmp_path]) as first:
        first.wait_for_line("locked")
        with pytest.raises(ConfigurationError, match=f"process {first.pid}"):
            Home(tmp_path).lock()
        first.process.kill()
        first.wait()
    Home(tmp_path).lock().release()


def test_each_worker_has_its_outbox(tmp_path: Path) -> None:
    """Outboxes lie in their folder, one file per node."""
    assert Home(tmp_path).outbox("worker-2") == tmp_path / "outbox" / "worker-2.sqlite3"
