"""Promise P1: a process crash loses at most a second of recorded video, and what is left is repaired."""

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.conftest import ROOT
from tests.support.video import VideoMaker
from tests.unit.recording.packets import decode_complaints, probe
from vedette.domain.messages import SegmentMessage
from vedette.recording.check import SegmentRow, compare
from vedette.recording.clips import ClipFile, ClipPart
from vedette.recording.repair import recover

FRAME_S = 0.04


class Killed:
    """What a recording process had fed and announced when it was killed."""

    def __init__(self, video: Path, root: Path, after: int) -> None:
        self.fed: list[float] = []
        self.messages: list[SegmentMessage] = []
        command = [
            sys.executable,
            "-m",
            "tests.integration.recording.recording_process",
            str(video),
            str(root),
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                self._take(line)
                if len(self.fed) == after:
                    process.send_signal(signal.SIGKILL)

    def _take(self, line: str) -> None:
        kind, value = line.split(" ", 1)
        if kind == "fed":
            self.fed.append(float(value))
        else:
            self.messages.append(msgspec.json.decode(value, type=SegmentMessage))


@pytest.mark.parametrize("after", [3, 61, 137])
def test_kill_9_loses_less_than_a_second(tmp_path: Path, make_video: VideoMaker, after: int) -> None:
    """SIGKILL at different moments of a segment; afterwards index and disk agree and everything plays."""
    video = make_video(seconds=4, fps=25, gop=25, width=320, height=180, noise_sigma=3.0)
    killed = Killed(video.path, tmp_path, after)
    recovered = recover(tmp_path, "door")
    index = {m.id: m for m in [*killed.messages, *recovered] if m.state != "deleted"}
    for message in recovered:
        if message.state == "deleted":
            index.pop(message.id, None)
    kept_until = max((m.end_utc_s for m in index.values()), default=killed.fed[0])
    assert killed.fed[-1] + FRAME_S - kept_until <= 1.0
    assert all(m.state == "closed" for m in index.values())
    _index_and_disk_agree(tmp_path, list(index.values()))
    if index:
        _everything_plays(tmp_path, sorted(index.values(), key=lambda m: m.start_utc_s), killed.fed[0])


def _index_and_disk_agree(root: Path, messages: list[SegmentMessage]) -> None:
    rows = [
        SegmentRow(
            id=m.id,
            camera=m.camera,
            path=m.path,
            state=m.state,
            start_utc_s=m.start_utc_s,
            end_utc_s=m.end_utc_s,
            size_bytes=m.size_bytes,
        )
        for m in sorted(messages, key=lambda m: m.path)
    ]
    assert compare(rows, root, thorough=True, now_utc_s=4e9) == []


def _everything_plays(root: Path, messages: list[SegmentMessage], start_utc_s: float) -> None:
    parts = [ClipPart(root / m.path, m.start_utc_s) for m in messages]
    clip = ClipFile(parts, start_utc_s, start_utc_s + 100)
    path = root / "clip.mp4"
    path.write_bytes(b"".join(clip.read()))
    assert decode_complaints(path) == ""
    frames = int(probe(path)["video"]["nb_read_frames"])
    assert frames == round((messages[-1].end_utc_s - start_utc_s) / FRAME_S)
