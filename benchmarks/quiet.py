"""A quiet camera: recorded and watched, against its decoder alone and against ffmpeg (promise P8)."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from benchmarks.footage import QUIET, QUIET_LONG, QUIET_SUB, QUIET_SUB_CONSTANT, ffmpeg, footage
from benchmarks.measure import child_cpu_s, in_turn, own_cpu_s
from benchmarks.result import Result
from vedette.domain.camera import Profile, RecordingSpec, StreamSpec
from vedette.media.packets import MediaPacket
from vedette.pipeline.capture import Capture
from vedette.pipeline.recording import RecordingStage
from vedette.recording.disk import Disk
from vedette.sources.base import open_source


def packets(path: Path) -> Iterator[MediaPacket]:
    """All packets of a file as fast as it can be read."""
    source = open_source(StreamSpec(url=str(path)), pace=False, counters=Counter())
    source.open()
    try:
        yield from source.packets()
    finally:
        source.close()


def record_and_watch(main: Path, sub: Path | None = None) -> Counter[str]:
    """What a session does with a quiet camera: every packet recorded, the gate looking."""
    counters: Counter[str] = Counter()
    capture = Capture("bench", Profile(), counters)
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(Path(folder))
        recording = RecordingStage("bench", RecordingSpec(), disk, lambda _message: None, counters)
        for packet in packets(main):
            recording.write(packet)
            if sub is None:
                _drain(capture, packet)
        recording.close()
        disk.close()
    for packet in packets(sub) if sub is not None else ():
        _drain(capture, packet)
    return counters


def _drain(capture: Capture, packet: MediaPacket) -> None:
    for _ in capture.feed(packet):
        pass


def keyframes_alone(path: Path) -> None:
    """Demultiplex everything, decode keyframes: the least that watching can cost."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.skip_frame = "NONKEY"
        for packet in container.demux(stream):
            if packet.is_keyframe or packet.size == 0:
                for _ in packet.decode():
                    pass


def ffmpeg_command(path: Path) -> list[str]:
    """What a system that decodes everything does: five scaled pictures a second."""
    start = [ffmpeg(), "-nostdin", "-loglevel", "error", "-threads", "2", "-i", str(path)]
    return [*start, "-r", "5", "-vf", "fps=5,scale=1280:720", "-f", "rawvideo", "-y", "/dev/null"]


def run() -> list[Result]:
    """All comparisons on the same streams in one run."""
    main, sub, long = footage(QUIET), footage(QUIET_SUB), footage(QUIET_LONG)
    constant_sub = footage(QUIET_SUB_CONSTANT)
    counters = record_and_watch(main)
    ours_s, least_s, with_sub_s, constant_sub_s, long_s, ffmpeg_s = in_turn(
        _cpu(lambda: record_and_watch(main)),
        _cpu(lambda: keyframes_alone(main)),
        _cpu(lambda: record_and_watch(main, sub)),
        _cpu(lambda: record_and_watch(main, constant_sub)),
        _cpu(lambda: record_and_watch(long)),
        lambda: child_cpu_s(ffmpeg_command(main)),
    )
    opened = f"gate opened {counters['gate_opened']} times"
    return [
        _ratio(
            "quiet 1080p25, 2 s groups: recorded and watched / demux + keyframes alone",
            ours_s,
            least_s,
            goal=1.4,
            detail=f"{opened}; alone {_per_second(least_s)}",
        ),
        _ratio("quiet 1080p25: recorded and watched / ffmpeg fps=5, scale", ours_s, ffmpeg_s, goal=0.1),
        _ratio(
            "the same with a 640x360 sub stream watched / ffmpeg",
            with_sub_s,
            ffmpeg_s,
            goal=0.02,
            detail="variable bit rate",
        ),
        _ratio("the same with a sub stream padded to 500 kb/s / ffmpeg", constant_sub_s, ffmpeg_s),
        _ratio("quiet 1080p25, 4 s groups (second look inside) / ffmpeg", long_s, ffmpeg_s),
    ]


def _ratio(
    work: str, cpu_s: float, yardstick_s: float, *, goal: float | None = None, detail: str = ""
) -> Result:
    shown = f"{_per_second(cpu_s)} against {_per_second(yardstick_s)} per second of video"
    return Result(
        work=work,
        measured=cpu_s / yardstick_s,
        unit="times",
        goal=goal,
        detail=f"{shown}; {detail}" if detail else shown,
    )


def _per_second(cpu_s: float) -> str:
    return f"{1000 * cpu_s / QUIET.seconds:.2f} ms"


def _cpu(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: own_cpu_s(lambda: (work(), None)[1])
