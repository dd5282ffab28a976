"""The nginx of the documentation, for real, before a real server."""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.support.processes import PATIENCE_S, Child, wait_until
from vedette.testing.certificate import self_signed
from vedette.testing.ports import free_port

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "behind-a-proxy.md"
BROWSER = "127.0.0.2"
"""Where the browser is; nginx is at 127.0.0.1."""

pytestmark = pytest.mark.servers


class Site:
    """nginx with the documented configuration, and a browser elsewhere."""

    def __init__(self, server: ServerProcess, folder: Path) -> None:
        self.server, self.port = server, free_port()
        certificate, key = self_signed(folder)
        self.trust = ssl.create_default_context(cafile=str(certificate))
        self.url = f"https://localhost:{self.port}"
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(self._configuration(folder, certificate, key))

    def _configuration(self, folder: Path, certificate: Path, key: Path) -> str:
        found = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert found is not None
        ours = {
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "cameras.example.org": "localhost",
            "/etc/ssl/cameras.pem": str(certificate),
            "/etc/ssl/cameras.key": str(key),
            "127.0.0.1:8080": f"127.0.0.1:{self.server.port}",
        }
        text = found[1]
        for said, meant in ours.items():
            assert said in text
            text = text.replace(said, meant)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        return (
            f"daemon off; {user} pid {folder}/pid; error_log stderr; worker_processes 1;\n"
            f"events {{}}\nhttp {{ access_log off; {temporary}\n{text}}}\n"
        )

    def browser(self) -> httpx.Client:
        """At another address than nginx."""
        transport = httpx.HTTPTransport(local_address=BROWSER, verify=self.trust)
        return httpx.Client(
            base_url=self.url, transport=transport, headers={"Origin": self.url}, timeout=PATIENCE_S
        )

    def log_in(self, browser: httpx.Client, **headers: str) -> httpx.Response:
        """By the form."""
        form = browser.get("/login").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1], "username": "ada", "password": PASSWORD}
        return browser.post("/login", data=fields, headers={"Referer": f"{self.url}/login", **headers})


@pytest.fixture
def site(server_home: ServerProcess, tmp_path: Path) -> Iterator[Site]:
    """Both running."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("no nginx: install the package nginx-light")
    server_home.python(
        "from vedette.server.accounts.models import User\n"
        f"User.objects.create_user('ada', {PASSWORD!r}, 'administrator')"
    )
    found = Site(server_home, tmp_path)
    server_home.start(VEDETTE_TRUSTED_PROXIES="127.0.0.1", VEDETTE_PUBLIC_URL=found.url)
    command = [program, "-p", tmp_path, "-c", found.configuration]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with Child(command):
        wait_until(lambda: answers(found))
        yield found
    server_home.kill()


def answers(site: Site) -> bool:
    try:
        return httpx.get(f"{site.url}/login", verify=site.trust, timeout=PATIENCE_S).status_code == 200
    except httpx.TransportError:
        return False


def test_people_log_in_and_are_known_by_their_own_address(site: Site) -> None:
    """Forms are taken, cookies are for HTTPS, the audit has the browser's address, whatever it claims."""
    with site.browser() as browser:
        answer = site.log_in(browser, **{"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"})
        assert answer.status_code == 302, answer.text
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert browser.get("/api/v1/cameras").status_code == 200
        entries = browser.get("/api/v1/audit").json()["items"]
    assert BROWSER in str(entries)
    assert "203.0.113.9" not in str(entries)


def test_live_updates_are_not_held_back(site: Site) -> None:
    """The first words of the stream come at once, though it never ends."""
    with site.browser() as browser:
        site.log_in(browser)
        with browser.stream("GET", "/api/v1/live") as stream:
            assert next(stream.iter_lines()) == "retry: 2000"


def test_the_live_socket_gets_through(site: Site) -> None:
    """Upgraded, with the session's cookie and our own origin; with a foreign one it is refused."""
    with site.browser() as browser:
        site.log_in(browser)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    url = site.url.replace("https", "wss") + "/api/v1/live/socket"
    headers = {"Cookie": cookie}
    with connect(url, ssl=site.trust, origin=site.url, additional_headers=headers) as socket:  # type: ignore[arg-type]
        assert socket.response is not None
        assert socket.response.status_code == 101
    with pytest.raises(Exception, match="403"):
        connect(url, ssl=site.trust, origin="https://evil.example", additional_headers=headers)  # type: ignore[arg-type]


def test_parts_of_files_are_given(site: Site) -> None:
    """Range requests reach us, and their answers the browser."""
    with site.browser() as browser:
        answer = browser.get("/static/dashboard/style.css", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, len(answer.content)) == (206, 10)
    assert answer.headers["content-range"].startswith("bytes 0-9/")


def test_strangers_cannot_speak_for_a_proxy(site: Site) -> None:
    """Past nginx the same headers are worth nothing: the request stays plain HTTP from where it came."""
    address = f"http://127.0.0.1:{site.server.port}/login"
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    transport = httpx.HTTPTransport(local_address=BROWSER)
    with httpx.Client(transport=transport, timeout=PATIENCE_S) as stranger:
        answer = stranger.get(address, headers=said)
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers
