"""Serve a file as many cameras: `python -m vedette.testing.rtsp --cameras 64 FILE...`."""

import argparse
import json
import signal
from collections.abc import Sequence

from vedette.testing.rtsp.farm import CameraFarm


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON line with the addresses, then serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m vedette.testing.rtsp", description=__doc__)
    parser.add_argument("files", nargs="+", help="H.264 or H.265 video files")
    parser.add_argument("--cameras", type=int, default=1, help="how many; the files are taken in turn")
    parser.add_argument("--port", type=int, default=0, help="to listen on; 0 takes a free one")
    options = parser.parse_args(arguments)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with CameraFarm(port=options.port) as farm:
        for index in range(options.cameras):
            farm.add(f"camera{index + 1}", options.files[index % len(options.files)])
        urls = [farm.url(f"camera{index + 1}") for index in range(options.cameras)]
        print(json.dumps({"urls": urls}), flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
