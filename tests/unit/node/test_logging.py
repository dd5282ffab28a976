import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import Secret, StreamSpec
from vedette.node.logging import configure_logging, redact


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the logging of the test process as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO) -> dict[str, object]:
    line = json.loads(stream.getvalue())
    assert isinstance(line, dict)
    return line


def test_json_when_nobody_watches() -> None:
    """Without a terminal each line is an object with event, level, logger, time and details."""
    stream = io.StringIO()
    configure_logging(stream=stream)
    structlog.get_logger("vedette.test").warning("camera lost", camera="door")
    line = logged(stream)
    assert {key: line[key] for key in ("event", "level", "logger", "camera")} == {
        "event": "camera lost",
        "level": "warning",
        "logger": "vedette.test",
        "camera": "door",
    }
    assert str(line["timestamp"]).endswith("Z")


def test_words_on_a_terminal() -> None:
    """A person reads plain lines."""
    stream = Terminal()
    configure_logging(stream=stream)
    structlog.get_logger("vedette.test").warning("camera lost")
    assert "camera lost" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_standard_library_goes_the_same_way() -> None:
    """Django and uvicorn log in the same form."""
    stream = io.StringIO()
    configure_logging(json=True, stream=stream)
    logging.getLogger("django").warning("slow %s", "query")
    assert logged(stream)["event"] == "slow query"


@pytest.mark.parametrize("level", ["WARNING", "warning", logging.WARNING])
def test_levels_are_respected(level: int | str) -> None:
    """What is below the level is not written; settings may write it in any case."""
    stream = io.StringIO()
    configure_logging(json=True, level=level, stream=stream)
    structlog.get_logger("vedette.test").info("nothing")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_no_secret_in_any_line(stream: io.StringIO) -> None:
    """Neither values, nor structs that hold them, nor URLs, nor tracebacks show a password (P6)."""
    configure_logging(stream=stream)
    log = structlog.get_logger("vedette.test")
    spec = StreamSpec(url="rtsp://camera/1", password=Secret("hunter2"))
    log.info(
        "opened rtsp://me:hunter2@camera/1", spec=spec, secret=spec.password, urls=["http://a:hunter2@b"]
    )
    try:
        int("rtsp://me:hunter2@camera/1")
    except ValueError:
        log.exception("failed")
    logging.getLogger("django").error("GET http://me:hunter2@camera/")
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("camera") >= 3


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("rtsp://me:pw@camera/1", "rtsp://***@camera/1"),
        ("rtsp://me:p@s/s:w@camera/1", "rtsp://***@camera/1"),
        ("http://:pw@camera", "http://***@camera"),
        ("'http://a:b@c' and 'http://d:e@f'", "'http://***@c' and 'http://***@f'"),
        ("me:pw@camera", "***@camera"),
        ("no secret: a@b.example at 10:22:33", "no secret: a@b.example at 10:22:33"),
        ("http://camera:8080/path", "http://camera:8080/path"),
        ("rtsp://me@camera/1", "rtsp://me@camera/1"),
    ],
)
def test_credentials_are_hidden_wherever_they_stand(text: str, clean: str) -> None:
    """User names and passwords go, the rest stays readable."""
    assert redact(text) == clean


@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1).map(lambda p: f"secret{p}secret"))
def test_no_password_survives_in_a_url(password: str) -> None:
    """Whatever characters a password has, a URL with it is safe to log."""
    assert "secret" not in redact(f"cannot open rtsp://user:{password}@camera/stream now")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET /x?token=abc123&y=1", "GET /x?token=***&y=1"),
        ("{'password': 'p4ss word', 'user': 'ada'}", "{'password': '***', 'user': 'ada'}"),
        ('body {"client_secret": "abc"}', 'body {"client_secret": "***"}'),
        ("Authorization: Bearer vdt_AbCdEf0123456789", "Authorization: Bearer ***"),
        ("Basic YWRhOnMzY3JldA==", "Basic ***"),
        ("VEDETTE_CAMERA_PASSWORD=hunter2 vedette", "VEDETTE_CAMERA_PASSWORD=*** vedette"),
    ],
)
def test_values_of_telling_names_are_hidden(text: str, hidden: str) -> None:
    """Addresses, representations, JSON, headers, assignments: the second line behind the types."""
    assert redact(text) == hidden


@pytest.mark.parametrize("text", ["has_password: true", "3 tokens used", "the token expired", "a basic idea"])
def test_plain_words_stay(text: str) -> None:
    """A log that hides everything tells nothing."""
    assert redact(text) == text


def test_fields_of_telling_names_are_hidden() -> None:
    """Whatever the value looks like; numbers and truth stay, and the line stays JSON."""
    stream = io.StringIO()
    configure_logging(json=True, stream=stream)
    log = structlog.get_logger("vedette.test")
    log.warning("x", api_key="a'b\"c", has_password=True, detail={"password": "p4'ss"}, url="http://u:p@h/")
    line = logged(stream)
    assert (line["api_key"], line["has_password"]) == ("***", True)
    assert "p4" not in stream.getvalue()


def test_addresses_that_are_asked_are_not_logged() -> None:
    """The address of a health-check service or of a chat bot is a secret that its library tells."""
    stream = io.StringIO()
    configure_logging(stream=stream, level="debug")
    logging.getLogger("httpx").info("HTTP Request: GET https://hc-ping.com/5ec4e7")
    logging.getLogger("httpcore.connection").debug("connect_tcp.started host='api.telegram.org/bot123:abc'")
    assert stream.getvalue() == ""
