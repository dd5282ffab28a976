import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import Child
from vedette.bus.lock import FileLock, LockedError

HOLD = """
import sys, time
from pathlib import Path
from vedette.bus.lock import FileLock
lock = FileLock(Path(sys.argv[1])).acquire()
print("locked", flush=True)
time.sleep(60)
"""

ORPHAN = """
import subprocess, sys
from pathlib import Path
from vedette.bus.lock import FileLock
lock = FileLock(Path(sys.argv[1])).acquire()
subprocess.Popen([sys.executable, "-c", "input()"], stdin=0, pass_fds=(lock.fd,))
"""


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    """The error names the process that holds the lock."""
    lock = FileLock(tmp_path / "lock").acquire()
    with pytest.raises(LockedError) as caught:
        FileLock(tmp_path / "lock").acquire()
    assert caught.value.pid == os.getpid()
    lock.release()


def test_a_released_lock_is_free(tmp_path: Path) -> None:
    """The file stays, the lock does not; releasing twice is harmless."""
    lock = FileLock(tmp_path / "lock").acquire()
    lock.release()
    lock.release()
    FileLock(tmp_path / "lock").acquire().release()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """kill -9 frees the lock."""
    with Child([sys.executable, "-c", HOLD, tmp_path / "lock"]) as holder:
        holder.wait_for_line("locked")
        with pytest.raises(LockedError):
            FileLock(tmp_path / "lock").acquire_from_orphans(60.0)
        holder.process.kill()
        holder.wait()
    FileLock(tmp_path / "lock").acquire().release()


def test_children_of_a_dead_holder_are_waited_for(tmp_path: Path) -> None:
    """An heir waits until the last orphan that inherited the lock has ended, and not for ever."""
    read, write = os.pipe()
    subprocess.run([sys.executable, "-c", ORPHAN, tmp_path / "lock"], stdin=read, check=True)
    os.close(read)
    with pytest.raises(LockedError):
        FileLock(tmp_path / "lock").acquire_from_orphans(0.0)
    os.close(write)
    FileLock(tmp_path / "lock").acquire_from_orphans(20.0).release()
