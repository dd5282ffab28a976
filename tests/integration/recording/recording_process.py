"""A process that records a video file in real time until it is killed: `python -m ... FILE ROOT`.

Says every message announced and every packet fed in a line, so that whoever kills it knows what was fed.
"""

import os
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from tests.unit.recording.packets import packets
from vedette.domain.messages import SegmentMessage
from vedette.recording.disk import Disk
from vedette.recording.recorder import Recorder


def say(kind: str, value: str) -> None:
    """A line in one write, which neither another thread nor a kill can cut in two."""
    os.write(sys.stdout.fileno(), f"{kind} {value}\n".encode())


def main(video: str, root: str) -> None:
    def announce(message: SegmentMessage) -> None:
        say("message", msgspec.json.encode(message).decode())

    disk = Disk(Path(root))
    recorder = Recorder("door", disk, announce, Counter(), segment_s=2.0)
    began, first = time.monotonic(), None
    for packet in packets(Path(video), times=1000):
        first = packet.utc_s if first is None else first
        time.sleep(max(0.0, began + packet.utc_s - first - time.monotonic()))
        recorder.write(packet)
        if packet.is_video:
            say("fed", repr(packet.utc_s))


if __name__ == "__main__":
    main(*sys.argv[1:])
