"""Sends one camera's pictures and sound to one client, at the pace of a live camera."""

import asyncio
import os
import secrets
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette.testing.rtsp.camera import Camera, Fault
from vedette.testing.rtsp.media import Media, Unit

_NUMBERS = struct.Struct(">HII")
_REPORT = struct.Struct(">BBHIIIIII")
_NTP_EPOCH_S = 2_208_988_800
_REPORT_EVERY_S = 5.0


class Tcp:
    """RTP between the requests of the RTSP connection."""

    def __init__(self, write: Callable[[bytes], None], channel: int) -> None:
        self._write, self._channel = write, channel

    def send(self, wire: bytearray, offsets: tuple[int, ...]) -> None:
        """Send the framed RTP packets at these offsets."""
        if self._channel:
            for offset in offsets:
                wire[offset + 1] = self._channel
        self._write(bytes(wire))

    def report(self, packet: bytes) -> None:
        """Send an RTCP packet."""
        self._write(struct.pack(">cBH", b"$", self._channel + 1, len(packet)) + packet)

    def close(self) -> None:
        """The connection belongs to somebody else."""


class Udp:
    """RTP and RTCP on a pair of ports."""

    def __init__(self, host: str, client: tuple[str, int]) -> None:
        self.rtp, self.rtcp = _port_pair(host)
        self._client = client

    @property
    def ports(self) -> tuple[int, int]:
        """Our ports."""
        return self.rtp.getsockname()[1], self.rtcp.getsockname()[1]

    def send(self, wire: bytearray, offsets: tuple[int, ...]) -> None:
        """Send the framed RTP packets at these offsets, each as a datagram."""
        view = memoryview(wire)
        for start, end in zip(offsets, (*offsets[1:], len(wire)), strict=True):
            _send_datagram(self.rtp, view[start + 4 : end], self._client)

    def report(self, packet: bytes) -> None:
        """Send an RTCP packet."""
        _send_datagram(self.rtcp, packet, (self._client[0], self._client[1] + 1))

    def close(self) -> None:
        """Give the ports back."""
        self.rtp.close()
        self.rtcp.close()


def _send_datagram(port: socket.socket, data: bytes | memoryview, client: tuple[str, int]) -> None:
    try:
        port.sendto(data, client)
    except (BlockingIOError, ConnectionRefusedError):
        return  # a full buffer or a client that has gone: what UDP does


def _port_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """An even port and the next one, as RFC 3550 section 11 wants."""
    for _ in range(100):
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((host, 20_000 + 2 * secrets.randbelow(20_000)))
            second.bind((host, first.getsockname()[1] + 1))
        except OSError:
            first.close()
            second.close()
            continue
        first.setblocking(False)
        second.setblocking(False)
        return first, second
    raise OSError("no free pair of UDP ports")


@dataclass
class Channel:
    """One track on its way to one client."""

    out: Tcp | Udp
    source: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: secrets.randbits(16))
    first_tick: int = field(default_factory=lambda: secrets.randbits(32))
    packets: int = 0
    octets: int = 0
    next_report_s: float = 0.0

    def tick(self, shown_s: float, clock_hz: int) -> int:
        """The RTP timestamp of a presentation time."""
        return (self.first_tick + round(shown_s * clock_hz)) & 0xFFFF_FFFF

    def send(self, unit: Unit, tick: int, offsets: tuple[int, ...]) -> int:
        """Number the unit's packets and send those at `offsets`; returns the bytes sent."""
        wire = bytearray(unit.wire)
        for index, offset in enumerate(unit.offsets):
            _NUMBERS.pack_into(wire, offset + 6, (self.sequence + index) & 0xFFFF, tick, self.source)
        self.sequence = (self.sequence + len(unit.offsets)) & 0xFFFF
        if len(offsets) < len(unit.offsets):
            del wire[unit.offsets[len(offsets)] :]
        self.out.send(wire, offsets)
        self.packets += len(offsets)
        self.octets += len(wire) - 16 * len(offsets)
        return len(wire)

    def report(self, now_s: float, tick: int) -> None:
        """Send a sender report (RFC 3550 section 6.4.1) when one is due."""
        if now_s < self.next_report_s:
            return
        self.next_report_s = now_s + _REPORT_EVERY_S
        utc_s = time.time() + _NTP_EPOCH_S
        counts = (self.packets & 0xFFFF_FFFF, self.octets & 0xFFFF_FFFF)
        ntp = (int(utc_s) & 0xFFFF_FFFF, int(utc_s % 1 * 2**32))
        self.out.report(_REPORT.pack(0x80, 200, 6, self.source, *ntp, tick, *counts))


@dataclass
class Player:
    """Plays a camera's file in a loop with timestamps that go on.

    Attributes:
        ready: whether the client takes more; a unit that it does not take is skipped and counted.
        write: raw bytes to the connection, for faults.
    """

    camera: Camera
    channels: dict[int, Channel]
    ready: Callable[[], bool]
    write: Callable[[bytes], None]

    async def run(self) -> None:
        """Play until cancelled."""
        start_s, base_s = time.monotonic(), 0.0
        while True:
            base_s += await self._play_file(self.camera.media, start_s, base_s)

    async def _play_file(self, media: Media, start_s: float, base_s: float) -> float:
        """Play a file once, or until the camera plays another; returns how long that was."""
        for unit in media.units:
            if self.camera.media is not media:
                return unit.send_s
            if unit.track in self.channels:
                await asyncio.sleep(max(0.0, start_s + base_s + unit.send_s - time.monotonic()))
                self._play(unit, media, base_s)
        return media.duration_s

    def _play(self, unit: Unit, media: Media, base_s: float) -> None:
        camera, channel = self.camera, self.channels[unit.track]
        if camera.fault is Fault.STALL:
            return
        if not self.ready():
            camera.counters["units_skipped"] += 1
            return
        if camera.fault is Fault.GARBAGE:
            self.write(os.urandom(1000))
            return
        tick = channel.tick(base_s + unit.shown_s + camera.shift_s, media.clock_hz(unit.track))
        channel.report(time.monotonic(), tick)
        camera.counters["bytes"] += channel.send(*_spoil(unit, tick, camera.fault))
        camera.counters["units"] += 1


def _spoil(unit: Unit, tick: int, fault: Fault) -> tuple[Unit, int, tuple[int, ...]]:
    """The unit as the fault leaves it, and which of its packets travel."""
    if unit.track:
        return unit, tick, unit.offsets
    if fault is Fault.CORRUPT:
        unit = Unit(0, unit.send_s, unit.shown_s, _scrambled(unit), unit.offsets, unit.keyframe)
    half = max(1, len(unit.offsets) // 2) if fault is Fault.HALF_PICTURE else len(unit.offsets)
    return unit, tick, unit.offsets[:half]


def _scrambled(unit: Unit) -> bytes:
    """The unit with random bytes after each packet's first few, so that framing and NAL types stay."""
    wire = bytearray(unit.wire)
    for start, end in zip(unit.offsets, (*unit.offsets[1:], len(wire)), strict=True):
        first = min(start + 26, end)
        wire[first:end] = os.urandom(end - first)
    return bytes(wire)
