"""From a stored event to web push sent: a push service on this machine notes when it heard."""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.result import Result

EVENTS = 30
CAMERAS = 10
GOAL_S = 1.0
_START_S = 30.0

_PROGRAM = """
import os, sys, time
from pathlib import Path
from vedette.settings import load_settings
from vedette.server.setup import setup_django
setup_django(load_settings())
import vedette.server.urls  # as the server does before it answers
from vedette.domain.ids import new_id
from vedette.domain.messages import EventMessage
from vedette.domain.geometry import Box
from vedette.server.accounts.models import Site, User
from vedette.server.alerts import service
from vedette.server.alerts.engine import Alerts
from vedette.server.alerts.models import Cursor, Rule
from vedette.server.cameras.service import add_camera
from vedette.server.ingest import store_batch
from vedette.server.runtime import runtime
from collections import Counter
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64

text = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")
public = ec.generate_private_key(ec.SECP256R1()).public_key()
point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
cameras = [add_camera(f"Camera {n}", f"rtsp://cam/{n}").id for n in range(int(sys.argv[3]))]
user = User.objects.create_user("ada", None, "administrator")
browser = {"endpoint": sys.argv[1], "keys": {"p256dh": text(point), "auth": text(os.urandom(16))}}
service.connect_browser(user, browser, "Phone", "")
rule = {"armed": "any", "cooldown_s": 0, "group_s": 0, "browsers": True}
service.change_rule(Rule(site=Site.default()), rule)
alerts = Alerts(Counter())
runtime.alerting = alerts
alerts.start()
while not Cursor.objects.exists():
    time.sleep(0.01)
time.sleep(1)
for number in range(int(sys.argv[2])):
    now = time.time()
    message = EventMessage(
        id=new_id(), camera=cameras[number % len(cameras)], phase="start", revision=1, kind="object",
        label="person", score=0.8, start_utc_s=now, end_utc_s=now, box=Box(1, 2, 3, 4), best_utc_s=now,
        width=640, height=360)
    store_batch([message], Counter())
    print(time.monotonic(), flush=True)
    time.sleep(0.35)
time.sleep(2)
alerts.close()
"""


def run() -> list[Result]:
    """Events a third of a second apart, each to one browser."""
    with push_service() as (origin, heard), tempfile.TemporaryDirectory() as home:
        stored = _tell(origin, Path(home))
        _wait(heard, len(stored))
    delays = sorted(there - here for here, there in zip(stored, sorted(heard), strict=True))
    middle, worst = statistics.median(delays), delays[-1]
    near = delays[round(0.95 * (len(delays) - 1))]
    detail = f"{len(delays)} events; median {middle:.3f} s, 95 % {near:.3f} s, worst {worst:.3f} s"
    return [Result(work="event to web push sent", measured=near, unit="s", goal=GOAL_S, detail=detail)]


def _tell(origin: str, home: Path) -> list[float]:
    """When each event was stored, by the monotonic clock of the machine."""
    command = [sys.executable, "-c", _PROGRAM, f"{origin}/push", str(EVENTS), str(CAMERAS)]
    environment = {"VEDETTE_HOME": str(home), "VEDETTE_PUSH_SERVICES": origin, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return [float(line) for line in done.stdout.split() if line.replace(".", "").isdecimal()][-EVENTS:]


def _wait(heard: list[float], count: int) -> None:
    deadline = time.monotonic() + _START_S
    while len(heard) < count and time.monotonic() < deadline:
        time.sleep(0.05)


@contextmanager
def push_service() -> Iterator[tuple[str, list[float]]]:
    """A push service on this machine, and when each message had arrived."""
    heard: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            heard.append(time.monotonic())
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()
