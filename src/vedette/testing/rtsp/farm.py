"""Many cameras on one port."""

import asyncio
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Self

from vedette.testing.auth import Guard
from vedette.testing.certificate import server_context
from vedette.testing.rtsp.camera import Camera, Fault
from vedette.testing.rtsp.connection import Connection
from vedette.testing.rtsp.media import Media, load_media


class CameraFarm:
    """An RTSP server on a thread of its own that plays video files in a loop.

    with CameraFarm() as farm:
        camera = farm.add("front", "clip.mp4")
        farm.url("front")          # rtsp://127.0.0.1:PORT/front
        camera.fault = Fault.STALL

    Args:
        port: to listen on; 0 takes a free one.
        tls: speak RTSPS with a self-made certificate.
        host: the address to listen on.
    """

    def __init__(self, *, port: int = 0, tls: bool = False, host: str = "127.0.0.1") -> None:
        self._host, self._tls, self.port = host, tls, port
        self._cameras: dict[str, Camera] = {}
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="camera farm", daemon=True)
        self._server: asyncio.Server | None = None
        self._loaded: dict[tuple[Path, bool, bool], Media] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        except BaseException:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Cut every connection and listen no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._end_loop()

    def add(
        self,
        path: str,
        source: str | Path | Media,
        *,
        guard: Guard | None = None,
        audio: bool = True,
        in_band: bool = True,
        sprop: bool = True,
        fault: Fault = Fault.NONE,
    ) -> Camera:
        """Add a camera.

        Args:
            path: of its address, as `front` or `Streaming/Channels/101`.
            source: the file it plays; the same file is read once for all cameras.
            guard: who may watch.
            audio: whether the file's AAC track is served.
            in_band: whether parameter sets travel with the keyframes.
            sprop: whether they stand in the description.
            fault: what it does wrong from the start.

        Raises:
            SourceError: the file's codec cannot be served.
        """
        media = source if isinstance(source, Media) else self._load(Path(source), audio, in_band)
        camera = Camera(path.strip("/"), media, guard, fault, sprop)
        self._cameras[camera.path] = camera
        return camera

    def url(self, path: str) -> str:
        """The address of a camera, without credentials."""
        return f"{'rtsps' if self._tls else 'rtsp'}://{self._host}:{self.port}/{path.strip('/')}"

    def drop(self, path: str) -> None:
        """Cut the connections of a camera's clients; they may come back."""
        self._loop.call_soon_threadsafe(self._drop, path.strip("/"))

    @property
    def clients(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def _load(self, path: Path, audio: bool, in_band: bool) -> Media:
        key = (path, audio, in_band)
        if key not in self._loaded:
            self._loaded[key] = load_media(path, audio=audio, in_band=in_band)
        return self._loaded[key]

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: Connection(self._find, self._connections.add, self._connections.discard),
            self._host,
            self.port,
            ssl=self._context(),
            backlog=512,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _context(self) -> ssl.SSLContext | None:
        if not self._tls:
            return None
        with tempfile.TemporaryDirectory() as folder:
            return server_context(Path(folder))

    def _find(self, path: str) -> Camera | None:
        return self._cameras.get(path.strip("/"))

    def _drop(self, path: str) -> None:
        for connection in list(self._connections):
            if connection.camera and connection.camera.path == path:
                connection.abort()

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        players = asyncio.all_tasks() - {asyncio.current_task()}
        while self._connections:
            await asyncio.sleep(0.005)
        await asyncio.gather(*players, return_exceptions=True)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
