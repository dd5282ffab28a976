"""Cuts a camera's packets into segments and announces them.

Order of every segment, so that a crash at any point leaves something consistent or repairable:

1. the file is made and its header written; file and folder are made durable;
2. the segment is announced `open`;
3. fragments are appended, made durable once a second;
4. the end mark is written, the file made durable and closed;
5. the segment is announced `closed`.

A crash before 2 leaves a file without an index row, a crash after 2 an open row: `repair.recover` finishes
both. Steps 1, 2, 4 and 5 end on the disk's own thread, so that no reader waits for an fsync.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import av
import msgspec
import structlog

from vedette.domain.errors import StorageError, UnsupportedCodecError
from vedette.domain.ids import new_id
from vedette.domain.messages import SegmentMessage
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.activity import ActivityLog
from vedette.recording.disk import Disk, DiskFile
from vedette.recording.fmp4 import EndMark
from vedette.recording.mux_template import can_hold_audio, can_hold_video, with_parameter_sets
from vedette.recording.naming import SegmentName
from vedette.recording.repair import repaired_message
from vedette.recording.segment import SegmentWriter

SEGMENT_S = 10.0
_CUT_TOLERANCE_S = 0.1
"""A keyframe that comes this little before the time is up still cuts: camera clocks jitter."""
_JUMP_S = 30.0
_CONTIGUOUS_S = 0.5
_LINGER_S = 0.5
"""Sound may come so much later than the picture of its time: until then a cut segment still takes it."""

log = structlog.get_logger(__name__)

Announce = Callable[[SegmentMessage], None]


@dataclass(slots=True)
class _OpenSegment:
    message: SegmentMessage
    video: VideoInfo
    audio: AudioInfo | None
    file: DiskFile
    writer: SegmentWriter
    last_utc_s: float


class Recorder:
    """Records one camera. All methods on one thread; `announce` is also called on the disk's thread.

    Never raises because of a disk or a packet: what could not be recorded is counted
    (`packets_not_recorded`, `packets_refused`) and `error` says why in words.

    Args:
        counters: also gets `segments_opened`, `segments_closed`, `timestamp_jumps`.
    """

    def __init__(
        self,
        camera: str,
        disk: Disk,
        announce: Announce,
        counters: Counter[str],
        segment_s: float = SEGMENT_S,
    ) -> None:
        self.camera = camera
        self.error = ""
        self._disk = disk
        self._announce = announce
        self._counters = counters
        self._segment_s = segment_s
        self._open: _OpenSegment | None = None
        self._lingering: _OpenSegment | None = None
        self._audio: AudioInfo | None = None
        self._refused_audio: AudioInfo | None = None
        self._refused: VideoInfo | None = None
        self._damaged: list[tuple[SegmentMessage, int | None]] = []
        self._finishing: list[DiskFile] = []
        self._motion = self._event = False
        self._activity = ActivityLog()

    @property
    def recording(self) -> bool:
        """Whether a segment is open."""
        return self._open is not None

    def expect_audio(self, audio: AudioInfo | None) -> None:
        """Say beforehand that audio will come, so that the very first segment has it too."""
        self._audio = audio
        self._refused_audio = None if audio is None or can_hold_audio(audio) else audio

    def write(self, p: MediaPacket) -> None:
        """Record a packet."""
        try:
            if p.is_video:
                self._write_video(p)
            else:
                self._write_audio(p)
        except StorageError as error:
            self._disk_failed(error)

    def mark(self, *, motion: bool = False, event: bool = False) -> None:
        """The open segment, or else the next one, shows motion or an event."""
        self._motion |= motion
        self._event |= event

    def moved(self, utc_s: float, share: float) -> None:
        """At this time, so much of the picture moved; the segment of that time, or the next, tells of it."""
        self.mark(motion=True)
        self._activity.note(utc_s, share)

    def cut(self) -> None:
        """End the open segment; the next keyframe begins another."""
        self._cut(None)

    def close(self) -> None:
        """End the open segment and wait until everything is durable and announced."""
        self._cut(None)
        for file in self._finishing:
            file.settle()
        self._finishing.clear()
        self._repair_damaged()

    # -- video and audio ----------------------------------------------------------------------------

    def _write_video(self, p: MediaPacket) -> None:
        if self._open is not None and self._must_cut(self._open, p):
            self._cut(p.utc_s)
        if self._open is None and not self._begin(p):
            return
        segment = self._open
        assert segment is not None
        if p.utc_s > segment.message.start_utc_s + _LINGER_S:
            self._end_lingering()
        segment.last_utc_s = p.utc_s
        self._mux(segment, p)

    def _write_audio(self, p: MediaPacket) -> None:
        assert isinstance(p.info, AudioInfo)
        if p.info is not self._audio:
            self._audio = p.info
            if not can_hold_audio(p.info):
                self._refused_audio = p.info
                log.warning("audio is not recorded", camera=self.camera, codec=p.info.codec)
        segment = self._open
        if segment is not None and p.utc_s < segment.message.start_utc_s:
            segment = self._lingering
        if segment is not None and segment.audio is p.info:
            self._mux(segment, p)

    def _must_cut(self, segment: _OpenSegment, p: MediaPacket) -> bool:
        if p.info is not segment.video or p.discontinuity:
            return True
        passed_s = p.utc_s - segment.last_utc_s
        if not -_JUMP_S < passed_s < _JUMP_S:
            self._counters["timestamp_jumps"] += 1
            return True
        if not p.keyframe:
            return False
        age_s = p.utc_s - segment.message.start_utc_s
        return age_s >= self._segment_s - _CUT_TOLERANCE_S or self._wanted_audio() is not segment.audio

    def _wanted_audio(self) -> AudioInfo | None:
        return None if self._audio is self._refused_audio else self._audio

    def _mux(self, segment: _OpenSegment, p: MediaPacket) -> None:
        try:
            segment.writer.write(p)
        except (av.FFmpegError, ValueError) as error:
            self._counters["packets_refused"] += 1
            log.warning("packet not recorded", camera=self.camera, reason=str(error))

    # -- segments -----------------------------------------------------------------------------------

    def _begin(self, p: MediaPacket) -> bool:
        """Open a segment at this packet, where that is possible."""
        assert isinstance(p.info, VideoInfo)
        if not self._disk.healthy or p.info is self._refused:
            self._counters["packets_not_recorded"] += 1
            return False
        if not p.keyframe:
            self._counters["packets_before_keyframe"] += 1
            return False
        self._repair_damaged()
        try:
            self._open = self._open_segment(p, p.info, self._wanted_audio())
        except UnsupportedCodecError as error:
            return self._begin_without_audio(p) if self._wanted_audio() else self._refuse(p.info, error)
        self.error = ""
        return True

    def _begin_without_audio(self, p: MediaPacket) -> bool:
        """The picture is what counts."""
        log.warning("audio is not recorded", camera=self.camera, codec=self._audio and self._audio.codec)
        self._refused_audio = self._audio
        return self._begin(p)

    def _refuse(self, info: VideoInfo, error: UnsupportedCodecError) -> bool:
        self._refused, self.error = info, str(error)
        self._counters["packets_not_recorded"] += 1
        log.warning("stream cannot be recorded", camera=self.camera, reason=str(error))
        return False

    def _open_segment(self, p: MediaPacket, info: VideoInfo, audio: AudioInfo | None) -> _OpenSegment:
        video = with_parameter_sets(info, p)
        if not can_hold_video(video):
            raise UnsupportedCodecError(f"Cannot record {video.codec} video of {video.width}x{video.height}.")
        name = SegmentName(self.camera, p.utc_s, new_id())
        message = SegmentMessage(
            id=name.id,
            camera=self.camera,
            path=name.path,
            state="open",
            start_utc_s=p.utc_s,
            end_utc_s=p.utc_s,
            codec=video.codec,
            width=video.width,
            height=video.height,
            audio_codec=audio.codec if audio else "",
        )
        file = self._disk.create(name.path)
        try:
            writer = SegmentWriter(file, video, audio)
        except (StorageError, UnsupportedCodecError):
            file.abandon()
            file.path.unlink(missing_ok=True)
            raise
        self._counters["segments_opened"] += 1
        file.when_durable(lambda well: self._announce(message) if well else None)
        return _OpenSegment(message, info, audio, file, writer, p.utc_s)

    def _cut(self, next_utc_s: float | None) -> None:
        """End the picture of the open segment; its sound may follow when another segment begins here."""
        self._end_lingering()
        segment, self._open = self._open, None
        if segment is None:
            return
        segment.message = self._closed(segment, next_utc_s)
        self._lingering = segment
        if next_utc_s is None or segment.audio is None:
            self._end_lingering()

    def _end_lingering(self) -> None:
        segment, self._lingering = self._lingering, None
        if segment is None:
            return
        try:
            segment.writer.close()
            segment.file.write(EndMark.of(segment.message).box())
        except StorageError as error:
            self._give_up(segment)
            self._disk_failed(error)
            return
        message = msgspec.structs.replace(segment.message, size_bytes=segment.file.size_bytes)
        if not segment.writer.has_audio_packets and self._audio is segment.audio:
            self._audio = None
        self._finishing = [file for file in self._finishing if not file.closed]
        self._finishing.append(segment.file)
        segment.file.finish(lambda well: self._finished(segment.file, message, well=well))

    def _closed(self, segment: _OpenSegment, next_utc_s: float | None) -> SegmentMessage:
        """The message for a segment whose media is complete; its end meets the next one's start."""
        end_utc_s = segment.message.start_utc_s + segment.writer.duration_s
        if next_utc_s is not None and abs(next_utc_s - end_utc_s) < _CONTIGUOUS_S:
            end_utc_s = next_utc_s
        motion, event, self._motion, self._event = self._motion, self._event, False, False
        return msgspec.structs.replace(
            segment.message,
            state="closed",
            end_utc_s=end_utc_s,
            has_motion=motion,
            has_event=event,
            activity=self._activity.take(segment.message.start_utc_s, end_utc_s),
        )

    def _finished(self, file: DiskFile, message: SegmentMessage, *, well: bool) -> None:
        if well:
            self._counters["segments_closed"] += 1
            self._announce(message)
        else:
            self._damaged.append((message, _trusted_bytes(file)))

    # -- failures -----------------------------------------------------------------------------------

    def _disk_failed(self, error: StorageError) -> None:
        """Give up what is being written; what is of it on the disk is repaired when the disk is well."""
        self.error = str(error)
        self._counters["packets_not_recorded"] += 1
        for segment in (self._lingering, self._open):
            if segment is not None:
                self._give_up(segment)
        self._lingering = self._open = None

    def _give_up(self, segment: _OpenSegment) -> None:
        segment.writer.abandon()
        segment.file.abandon()
        self._damaged.append((segment.message, _trusted_bytes(segment.file)))

    def _repair_damaged(self) -> None:
        while self._damaged and self._disk.healthy:
            message, trusted_bytes = self._damaged.pop(0)
            try:
                self._announce(repaired_message(self._disk.root, message, trusted_bytes))
            except (OSError, StorageError) as error:
                self._damaged.insert(0, (message, trusted_bytes))
                log.warning("segment not repaired yet", path=message.path, reason=str(error))
                return


def _trusted_bytes(file: DiskFile) -> int | None:
    """How much of the file may be believed; None means all that is there."""
    return file.durable_bytes if file.sync_failed else None
