"""Downloads from a real HTTP server that behaves as badly as servers do."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S
from vedette.domain.errors import ModelError
from vedette.models import download as module
from vedette.models.catalogue import CatalogueEntry, write_catalogue
from vedette.models.download import Source, download, progress_bar
from vedette.models.store import ModelStore

CONTENT = os.urandom(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A file server on loopback; `behaviours` are used up one per request, then it is well-behaved."""

    def __init__(self) -> None:
        self.behaviours: list[Behaviour] = []
        self.ranges: list[str | None] = []
        self.etag = '"one"'
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.ranges.append(self.headers.get("Range"))
                (outer.behaviours.pop(0) if outer.behaviours else outer.serve)(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/model.onnx"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer ranges as RFC 9110 wants it."""
        self.answer(request, len(CONTENT))

    def cut_at(self, end: int) -> Behaviour:
        """Promise everything and hang up early."""
        return lambda request: self.answer(request, end)

    def answer(self, request: BaseHTTPRequestHandler, end: int) -> None:
        wanted = request.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if request.headers.get("If-Range", self.etag) != self.etag:
            start = 0
        request.send_response(206 if start else 200)
        request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(CONTENT) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        request.end_headers()
        request.wfile.write(CONTENT[start:end])


def status(code: int) -> Behaviour:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def body(content: bytes) -> Behaviour:
    """Some other content without a length, ended by closing the connection."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(content)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "m.onnx"


def source(server: Server) -> Source:
    return Source(server.url, len(CONTENT), DIGEST)


def assert_in_place(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_whole_file_with_progress(server: Server, target: Path) -> None:
    """The file is put in place and nothing else is left; progress reaches the end."""
    seen: list[tuple[int, int]] = []
    download(source(server), target, lambda done, total: seen.append((done, total)))
    assert_in_place(target)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_interruptions_are_continued(server: Server, target: Path) -> None:
    """Two broken connections cost no byte twice."""
    server.behaviours = [server.cut_at(100_000), server.cut_at(200_000)]
    download(source(server), target)
    assert_in_place(target)
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_part_of_an_earlier_run_is_continued(server: Server, target: Path) -> None:
    """A program that was killed in the middle goes on where it was."""
    server.behaviours = [server.cut_at(90_000), status(500)]
    with pytest.raises(ModelError, match="answers 500"):
        download(source(server), target)
    assert target.with_name("m.onnx.part").stat().st_size == 90_000
    assert not target.exists()
    download(source(server), target)
    assert_in_place(target)
    assert server.ranges[-1] == "bytes=90000-"


def test_changed_file_is_fetched_from_the_start(server: Server, target: Path) -> None:
    """When the server's file is another one now (If-Range), no halves are glued together."""
    server.behaviours = [server.cut_at(90_000), status(503)]
    with pytest.raises(ModelError):
        download(source(server), target)
    server.etag = '"two"'
    download(source(server), target)
    assert_in_place(target)


def test_server_without_ranges(server: Server, target: Path) -> None:
    """One that answers 200 to a range gives the file from the start; 416 starts anew too."""
    server.behaviours = [server.cut_at(90_000), body(CONTENT)]
    download(source(server), target)
    assert_in_place(target)
    target.unlink()
    server.behaviours = [server.cut_at(90_000), status(416)]
    download(source(server), target)
    assert_in_place(target)


def test_part_that_is_complete_needs_no_request(server: Server, target: Path) -> None:
    """Killed between the last byte and the rename: only the hash is looked at."""
    target.parent.mkdir()
    target.with_name("m.onnx.part").write_bytes(CONTENT)
    download(source(server), target)
    assert_in_place(target)
    assert server.ranges == []


@pytest.mark.parametrize("content", [b"x" * len(CONTENT), CONTENT[:-1] + b"?"])
def test_wrong_content_is_thrown_away(server: Server, target: Path, content: bytes) -> None:
    """The right size with another hash never gets into place, and the next try starts clean."""
    server.behaviours = [body(content)]
    with pytest.raises(ModelError, match="not the expected one"):
        download(source(server), target)
    assert list(target.parent.iterdir()) == []
    download(source(server), target)
    assert_in_place(target)


def test_endless_content_is_cut_off(server: Server, target: Path) -> None:
    """More than the expected size is not written to the disk."""
    server.behaviours = [body(CONTENT + b"!" * 100_000)]
    with pytest.raises(ModelError, match="larger than the expected"):
        download(source(server), target)
    assert not target.exists()


def test_connection_that_always_breaks_gives_up(server: Server, target: Path) -> None:
    """After a few attempts the user is told; what came is kept for the next time."""
    server.behaviours = [server.cut_at(1000 * number) for number in range(1, 10)]
    with pytest.raises(ModelError, match="cannot be downloaded"):
        download(source(server), target)
    assert target.with_name("m.onnx.part").stat().st_size == 1000 * module.ATTEMPTS


def test_login_page_in_place_of_the_file(server: Server, target: Path) -> None:
    """A short page that ends early is not taken for the file."""
    server.behaviours = [body(b"<html>please log in</html>")] * 10
    with pytest.raises(ModelError, match=r"cannot be downloaded|not the expected"):
        download(source(server), target)
    assert not target.exists()


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_http_errors_say_the_status(server: Server, target: Path, code: int) -> None:
    """The status and what to do without the network."""
    server.behaviours = [status(code)]
    with pytest.raises(ModelError, match=rf"answers {code}.*VEDETTE_MODELS"):
        download(source(server), target)


def test_no_network(server: Server, target: Path) -> None:
    """Nobody listens: one message, at once."""
    server.close()
    with pytest.raises(ModelError, match=r"cannot be downloaded.*network"):
        download(source(server), target)
    for url in ("http://[", "nonsense://x/y", "no address"):
        with pytest.raises(ModelError, match="cannot be downloaded"):
            download(Source(url, 1, DIGEST), target)


def test_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "models").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        download(source(server), tmp_path / "models" / "m.onnx")


def test_two_at_once_download_once(server: Server, target: Path) -> None:
    """Several workers that start together share one download."""
    threads = [threading.Thread(target=download, args=(source(server), target)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert target.read_bytes() == CONTENT


def test_store_pulls_by_name_with_a_bar(server: Server, tmp_path: Path) -> None:
    """`pull` downloads what the catalogue names, once."""
    home = tmp_path / "models"
    home.mkdir()
    entry = CatalogueEntry(name="m", url=server.url, sha256=(DIGEST,), size_bytes=len(CONTENT))
    write_catalogue(home / "catalogue.toml", [entry])
    store = ModelStore(home)
    with progress_bar("m") as bar:
        assert store.pull("m", bar) == home / "m.onnx"
    assert store.pull("m") == store.verify("m")
    assert len(server.ranges) == 1
