"""The live socket of a real server process: who may open it, what they get, when it closes (promise P6)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.integration.server.conftest import ServerProcess
from tests.integration.server.worker import Worker
from tests.support.processes import PATIENCE_S, wait_until
from tests.unit.server.streams.media import fragment, init
from vedette.bus.local import LocalBus
from vedette.bus.topics import LIVE
from vedette.domain.messages import LiveRequest, LiveStop
from vedette.node.home import Home
from vedette.server.streams.wire import HEADER, INIT

PEOPLE = """
from django.test import Client
from django.conf import settings
from vedette.server.accounts.models import Site, User
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.models import Camera, Profile
from vedette.server.cameras.service import add_camera
add_camera("Door", "rtsp://cam/1", camera_id="door")
add_camera("Yard", "rtsp://cam/2", camera_id="yard")
other = Site.objects.create(slug="other", name="Other")
Camera.objects.create(id="vault", name="Vault", site=other, main_url="rtsp://x/1", profile=Profile.default())
settings.ALLOWED_HOSTS.append("testserver")
user = User.objects.create_user("vic", "correct horse battery", "viewer")
client = Client()
client.force_login(user)
print(client.cookies[settings.SESSION_COOKIE_NAME].value, create_token("vic", "viewer"))
"""
NOT_ALLOWED, UNREADABLE = 4401, 4400


class Studio:
    """A server, somebody's session and token, and a worker that streams when it is asked."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.session, self.token = server.python(PEOPLE).split()[-2:]
        self.asked: list[LiveRequest | LiveStop] = []
        self.worker = Worker(server.home, on_live=self._asked)
        self.bus = LocalBus(Home(server.home).runtime)
        self._lock = threading.Lock()

    def _asked(self, message: LiveRequest | LiveStop) -> None:
        with self._lock:
            first = message.camera not in {m.camera for m in self.asked if isinstance(m, LiveRequest)}
            self.asked.append(message)
        if first and message.stream == "main":
            for media in (init(camera=message.camera), fragment(1, keyframe=True, camera=message.camera)):
                self.bus.publish(LIVE, message.camera, media)

    @contextmanager
    def socket(self, *, origin: str | None = "", **headers: str) -> Iterator["Socket"]:
        """Open the socket as a browser on our own page does, or otherwise."""
        port = self.server.port
        origin = f"http://127.0.0.1:{port}" if origin == "" else origin
        address = f"ws://127.0.0.1:{port}/api/v1/live/socket"
        given = {"Cookie": f"vedette_session={self.session}"} | headers
        with connect(address, origin=origin, additional_headers=given, compression=None) as open_socket:
            yield Socket(open_socket)

    def bearer(self) -> dict[str, str]:
        """As a program asks."""
        return {"Cookie": "", "Authorization": f"Bearer {self.token}"}

    def close(self) -> None:
        """Stop."""
        self.worker.close()
        self.bus.close()


class Socket:
    """An open socket, spoken to in messages."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw

    def say(self, kind: str, **fields: Any) -> None:
        self.raw.send(json.dumps({"type": kind, **fields}))

    def watch(self, camera: str, subscription: int = 1, stream: str = "main") -> None:
        self.say("subscribe", subscription=subscription, camera=camera, stream=stream)

    def hear(self, kind: str) -> dict[str, Any]:
        """The next text of this kind; others are passed over."""
        while True:
            data = self.raw.recv(timeout=PATIENCE_S)
            if isinstance(data, str) and (said := json.loads(data))["type"] == kind:
                return dict(said)

    def see(self) -> bytes:
        """The next fragment."""
        while True:
            data = self.raw.recv(timeout=PATIENCE_S)
            if isinstance(data, bytes) and not data[2] & INIT:
                return data[HEADER.size :]

    def closing(self) -> int:
        """The code that the server closes with."""
        with pytest.raises(ConnectionClosed) as closed:
            self._read_on()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    def _read_on(self) -> None:
        while True:
            self.raw.recv(timeout=PATIENCE_S)


@pytest.fixture
def studio(server: ServerProcess) -> Iterator[Studio]:
    made = Studio(server)
    wait_until(lambda: {spec.id for spec in made.worker.assignment.cameras} >= {"door", "yard"})
    yield made
    made.close()


def test_a_session_and_a_token_may_watch(studio: Studio) -> None:
    """A browser on our page and a program with a token get the same stream of one worker."""
    with studio.socket() as browser, studio.socket(origin=None, **studio.bearer()) as program:
        for socket in (browser, program):
            socket.watch("door")
            assert socket.hear("state")["state"] == "streaming"
            assert socket.hear("init")["video"] == "avc1.42c01e"
            assert socket.see() == b"1"
        assert sum(isinstance(m, LiveRequest) and m.stream == "main" for m in studio.asked[:1]) == 1


def test_strangers_are_refused(studio: Studio) -> None:
    """Nobody known, a wrong token, a page of somebody else, no page at all with a session, another host."""
    refused: list[dict[str, Any]] = [
        {"Cookie": ""},
        {"Cookie": "", "Authorization": "Bearer vdt_wrong"},
        {"origin": "http://evil.example"},
        {"origin": None},
        {"Host": "evil.example", "origin": "http://evil.example"},
    ]
    for headers in refused:
        with pytest.raises(InvalidStatus) as answer, studio.socket(**headers):
            pass
        assert answer.value.response.status_code in {400, 403}, headers


def test_other_addresses_have_no_socket(studio: Studio) -> None:
    """Only the one path is a socket; a plain request there is none."""
    port = studio.server.port
    with pytest.raises(InvalidStatus) as answer:
        connect(f"ws://127.0.0.1:{port}/events", additional_headers=studio.bearer())
    assert answer.value.response.status_code == 404
    plain = httpx.get(
        f"http://127.0.0.1:{port}/api/v1/live/socket", headers=studio.bearer(), timeout=PATIENCE_S
    )
    assert plain.status_code in {403, 404}


def test_a_camera_of_somebody_else_gives_nothing(studio: Studio) -> None:
    """Another site's camera looks like one that does not exist, and its worker is never asked."""
    with studio.socket() as socket:
        for number, camera in enumerate(("vault", "nothing", "../door", "")):
            for stream in ("main", "sub", "boxes"):
                socket.watch(camera, number, stream)
                assert socket.hear("end")["reason"] == "no_camera"
    assert studio.asked == []


def test_a_camera_that_is_taken_away_ends(studio: Studio) -> None:
    """A viewer limited to the yard loses the door, and keeps the yard."""
    with studio.socket() as socket:
        socket.watch("door", 1)
        socket.watch("yard", 2)
        assert {socket.hear("init")["subscription"], socket.hear("init")["subscription"]} == {1, 2}
        studio.server.python(
            "from vedette.server.accounts.models import User\n"
            "user = User.objects.get(username='vic')\n"
            "user.limited = True\nuser.save()\nuser.cameras.set(['yard'])\n"
        )
        end = socket.hear("end")
        assert (end["subscription"], end["reason"]) == (1, "no_camera")
        studio.bus.publish(LIVE, "yard", fragment(2, camera="yard"))
        studio.bus.publish(LIVE, "door", fragment(2, camera="door"))
        assert socket.see() == b"2"


@pytest.mark.parametrize(
    "end",
    [
        "from django.contrib.sessions.models import Session\nSession.objects.all().delete()",
        "from vedette.server.accounts.models import User\nUser.objects.update(is_active=False)",
    ],
    ids=["session ended", "user disabled"],
)
def test_it_closes_when_the_viewer_may_not_any_more(studio: Studio, end: str) -> None:
    """Logged out elsewhere or disabled: the picture ends with the session."""
    with studio.socket() as socket:
        socket.watch("door")
        socket.hear("init")
        studio.server.python(end)
        assert socket.closing() == NOT_ALLOWED


def test_every_look_is_audited(studio: Studio) -> None:
    """Who, which camera, which stream; boxes alone are no look."""
    with studio.socket() as socket:
        socket.watch("door", 1)
        socket.watch("door", 2, "boxes")
        socket.hear("init")
    found = studio.server.python(
        "from vedette.server.accounts.models import AuditEntry\n"
        "rows = AuditEntry.objects.filter(action='live.watched')\n"
        "print(list(rows.values_list('who', 'camera', 'subject')))"
    )
    assert found == "[('vic', 'door', 'main')]"


def test_unsubscribing_stops_the_worker(studio: Studio) -> None:
    """The last viewer gone, the worker is told to stop."""
    with studio.socket() as socket:
        socket.watch("door")
        socket.hear("init")
        socket.say("received", frames=2)
        socket.say("unsubscribe", subscription=1)
        wait_until(lambda: any(isinstance(message, LiveStop) for message in studio.asked))


def test_nonsense_closes_one_socket_only(studio: Studio) -> None:
    """P7: what cannot be read and too many streams end that socket; the server goes on."""
    for text in (
        "nonsense",
        '{"type":"subscribe"}',
        '{"type":"subscribe","subscription":1,"camera":"' + "x" * 20_000,
    ):
        with studio.socket() as socket:
            socket.raw.send(text)
            assert socket.closing() == UNREADABLE
    with studio.socket() as socket:
        for number in range(65):
            socket.watch("door", number, "boxes")
        assert socket.closing() == 4429
    with studio.socket() as socket:
        socket.watch("door")
        assert socket.hear("state")


def test_stills_are_shared_and_have_a_tag(studio: Studio) -> None:
    """Asked twice within a moment the worker makes one picture; asked with its tag nothing travels."""
    made: list[int] = []
    photograph = studio.worker.snapshot
    studio.worker.link._on_snapshot = lambda request: (made.append(request.max_width), photograph(request))[1]
    with studio.server.client(token=studio.token) as api:
        first = api.get("/api/v1/live/door/still.jpg", params={"width": 500})
        again = api.get("/api/v1/live/door/still.jpg", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert first.headers["X-Captured"] == "1.000"
        assert api.get("/api/v1/live/vault/still.jpg").status_code == 404
        assert api.get("/api/v1/live/door/still.jpg", params={"width": 4000}).status_code == 422
    assert made == [640]
