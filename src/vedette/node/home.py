"""The home directory of a node: where everything lies that Vedette keeps."""

import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs

from vedette.bus.lock import FileLock, LockedError
from vedette.domain.errors import ConfigurationError

LONGEST_SOCKET_PATH_BYTES = 99
_LONGEST_SOCKET_NAME = "bus-detections.sock"
_ORPHANS_END_S = 20.0


def default_home() -> Path:
    """`VEDETTE_HOME`, else the user's data folder (`~/.local/share/vedette`)."""
    named = os.environ.get("VEDETTE_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("vedette"))


class Home:
    """The layout of a home directory. Nothing is made before `prepare`.

    Attributes:
        path: absolute.
        runtime: folder of the sockets; outside the home when its path is too long for them.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or default_home()).expanduser().absolute()
        self.database = self.path / "vedette.sqlite3"
        self.settings_file = self.path / "vedette.yaml"
        self.lock_file = self.path / "vedette.lock"
        self.secrets = self.path / "secrets"
        self.recordings = self.path / "recordings"
        self.snapshots = self.path / "snapshots"
        self.models = self.path / "models"
        self.logs = self.path / "logs"
        self.outbox_folder = self.path / "outbox"
        self.runtime = _runtime_folder(self.path)

    def outbox(self, node: str) -> Path:
        """The outbox file of a worker."""
        return self.outbox_folder / f"{node}.sqlite3"

    def log(self, process: str) -> Path:
        """The file of the log lines of a process."""
        return self.logs / f"{process}.jsonl"

    def prepare(self) -> "Home":
        """Make every folder, for this user only.

        Raises:
            ConfigurationError: the home cannot be written, or the folder of the sockets is somebody else's.
        """
        folders = (
            self.secrets,
            self.recordings,
            self.snapshots,
            self.models,
            self.logs,
            self.outbox_folder,
        )
        try:
            for folder in (self.path, *folders):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise ConfigurationError(
                f"The home directory {self.path} cannot be written: {error.strerror}.",
                hint="Choose another with --home or VEDETTE_HOME, or correct its owner and permissions.",
            ) from error
        _make_private(self.runtime)
        return self

    def lock(self) -> FileLock:
        """Become the only supervisor of this home; children of a killed one are waited for.

        Raises:
            ConfigurationError: another supervisor, whose process is named, runs on it.
        """
        try:
            return FileLock(self.lock_file).acquire_from_orphans(_ORPHANS_END_S)
        except LockedError as locked:
            raise ConfigurationError(
                f"Vedette already runs on {self.path} as process {locked.pid}.",
                hint="Stop it first, or give this one another --home.",
            ) from None


def _runtime_folder(home: Path) -> Path:
    folder = home / "run"
    if len(bytes(folder / _LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH_BYTES:
        return folder
    digest = hashlib.sha256(bytes(home)).hexdigest()[:12]
    # /tmp by name: every process of this home must find the same folder, whatever its TMPDIR.
    return Path("/tmp") / f"vedette-{os.getuid()}-{digest}"  # noqa: S108 - owner and mode are checked


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != os.getuid():
            raise ConfigurationError(
                f"{folder} belongs to somebody else.", hint="Remove it, or use a home with a shorter path."
            )
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} for sockets cannot be made: {error.strerror}."
        ) from error
