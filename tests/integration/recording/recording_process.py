"""A process that records a video file in real time until it is killed: `python -m ... FILE ROOT`.

Prints a line for every message announced and for every packet fed, each flushed, so that whoever kills it
knows what was fed.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from tests.unit.recording.packets import packets
from vedette.domain.messages import SegmentMessage
from vedette.recording.disk import Disk
from vedette.recording.recorder import Recorder


def main(video: str, root: str) -> None:
    def announce(message: SegmentMessage) -> None:
        print("message", msgspec.json.encode(message).decode(), flush=True)

    disk = Disk(Path(root))
    recorder = Recorder("door", disk, announce, Counter(), segment_s=2.0)
    began, first = time.monotonic(), None
    for packet in packets(Path(video), times=1000):
        first = packet.utc_s if first is None else first
        time.sleep(max(0.0, began + packet.utc_s - first - time.monotonic()))
        recorder.write(packet)
        if packet.is_video:
            print("fed", repr(packet.utc_s), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
