"""Times, durations and sizes as people read them; the frame around the pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.integration.dashboard.conftest import NOON, Login
from vedette import __version__
from vedette.server.dashboard import formats
from vedette.server.runtime import runtime


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.84, "0.8 s"), (9.0, "9 s"), (42.4, "42 s"), (59.6, "1 min"), (200, "3 min 20 s"),
     (3600, "1 h"), (7500, "2 h 5 min")],
)  # fmt: skip
def test_durations(seconds: float, words: str) -> None:
    """Short ones to the tenth, long ones to the minute."""
    assert formats.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (12_345, "12 kB"), (3_400_000, "3.4 MB"), (2e12, "2.0 TB")],
)
def test_sizes(count: float, words: str) -> None:
    """Decimal units."""
    assert formats.size(count) == words


def test_times_get_longer_with_age() -> None:
    """Today only the time, this year the day too, before that the year."""
    now = timezone.now()
    assert formats.clock(now) == f"{now:%H:%M:%S}"
    assert formats.clock(NOON.replace(year=2001)) == "21 Nov 2001 12:00:00"
    other = now + timedelta(days=2 if now.timetuple().tm_yday < 360 else -2)
    assert formats.clock(other) == f"{other.day} {other:%b %H:%M:%S}"


def test_days_are_written_out() -> None:
    """Today and yesterday by name, the year only where it is another."""
    now = timezone.now()
    assert [formats.day(now - timedelta(days=days)) for days in (0, 1)] == ["Today", "Yesterday"]
    assert formats.day(NOON.replace(year=2001)) == "Wednesday 21 November 2001"
    other = now + timedelta(days=5 if now.timetuple().tm_yday < 360 else -5)
    assert formats.day(other) == f"{other:%A} {other.day} {other:%B}"


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Nowhere/City", "", "\u00e9", "A" * 5000])
def test_a_zone_that_is_none_is_utc(login: Login, zone: str) -> None:
    """Whatever the cookie holds, pages answer."""
    client = login()
    client.cookies["vedette_zone"] = zone
    answer = client.get("/events")
    assert answer.status_code == 200
    assert "times are UTC" in answer.content.decode()


def test_the_header_says_what_is_wrong(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector's word for what it does without is on every page; without problems all is well."""
    client = login()
    assert "All well" in client.get("/").content.decode()
    monkeypatch.setitem(runtime.alerts, "disk", "The disk is full.")
    for path in ("/", "/events", "/system"):
        assert "The disk is full." in client.get(path).content.decode()
    assert __version__ in client.get("/").content.decode()


def test_a_part_is_small(login: Login) -> None:
    """What is asked for again and again comes without the frame."""
    client = login()
    part = client.get("/events?part=1").content.decode()
    assert 'id="health"' in part
    assert "<header" not in part
    assert "part" not in part.split('id="pager"')[1]
