"""A supervisor of test programs: `supervise HOME NAME=BEHAVIOUR...`; names that begin with s are servers."""

import signal
import sys
from pathlib import Path

from vedette.node.child import Command
from vedette.node.home import Home
from vedette.node.logging import configure_logging
from vedette.node.standing import standing_file
from vedette.node.supervisor import Supervisor


def command(folder: Path, words: str) -> Command:
    name, behaviour = words.split("=")
    role = "server" if name.startswith("s") else "worker"
    return Command(name, role, "tests.integration.node.program", (name, str(folder), behaviour))


def main(folder: Path, programs: list[str]) -> int:
    configure_logging(json=True)
    home = Home(folder).prepare()
    lock = home.lock()
    commands = [command(folder, words) for words in programs]
    return Supervisor(commands, held=(lock.fd,), standing=standing_file(home.runtime)).run()


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the suite itself may run under nohup(1)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
