"""The page of one camera: its day of recording."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import NOON, Login, add_events, add_segment
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.day import MOST_EVENTS, Day

MOST_QUERIES = 9


def rectangles(page: str, kind: str) -> list[tuple[float, float]]:
    """Where the marks of a kind stand, and how wide they are, in percent."""
    found = re.findall(rf'<rect class="{kind}"[^>]*? x="([\d.]+)%"[^>]*? width="([\d.]+)%"', page)
    return [(float(at), float(width)) for at, width in found]


def test_recordings_stand_where_they_belong(login: Login, door: Camera) -> None:
    """Segments that touch are one span; gaps stay gaps; motion and events lie over them."""
    add_segment("door", NOON, 3600)
    add_segment("door", NOON + timedelta(hours=1), 3600, has_motion=True)
    add_segment("door", NOON + timedelta(hours=6), 3600)
    add_segment("door", NOON, 60, state="deleting")
    add_segment("other", NOON - timedelta(hours=6), 3600)
    add_events("door", start=NOON)
    page = login().get("/cameras/door?day=2026-11-21").content.decode()
    assert rectangles(page, "recorded") == [(50.0, 8.3333), (75.0, 4.1667)]
    assert rectangles(page, "moving") == [(54.1667, 4.1666)]
    assert [at for at, _ in rectangles(page, "mark")] == [50.0]
    assert "Recorded: 3 h" in page


def test_the_day_is_the_viewers(login: Login, door: Camera) -> None:
    """In Auckland, noon UTC is one in the morning of the next day."""
    event = add_events("door")[0]
    client = login(zone="Pacific/Auckland")
    assert str(event.id) not in client.get("/cameras/door?day=2026-11-21").content.decode()
    page = client.get("/cameras/door?day=2026-11-22").content.decode()
    assert str(event.id) in page
    assert [round(at, 1) for at, _ in rectangles(page, "mark")] == [4.2]


@pytest.mark.parametrize(
    ("day", "hours", "noon"),
    [("2026-03-29", 23, 11 / 23), ("2026-10-25", 25, 13 / 25), ("2026-07-01", 24, 0.5)],
)
def test_days_when_clocks_change(day: str, hours: int, noon: float) -> None:
    """A day has 23 or 25 hours then, and noon stands where it is."""
    berlin = ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        found = Day.of(date.fromisoformat(day))
        at_noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=berlin)
    assert (found.end.astimezone(UTC) - found.start.astimezone(UTC)) == timedelta(hours=hours)
    assert found.share(at_noon) == pytest.approx(100 * noon, abs=0.01)


def test_a_moment_leads_to_its_day(login: Login, door: Camera) -> None:
    """`at` opens the day of that moment, in the viewer's zone, and says where to begin."""
    page = login(zone="Asia/Tokyo").get("/cameras/door?at=2020-05-01T20:00:00Z").content.decode()
    assert "Saturday, 2 May 2020" in page
    assert 'data-at="1588363200"' in page


@pytest.mark.parametrize(
    "query", ["day=x", "day=0001-01-01", "day=9999-12-31", "at=x", "at=0001-01-01T00:00:00Z"]
)
def test_days_that_make_no_sense_are_today(login: Login, door: Camera, query: str) -> None:
    """Nonsense shows today, which has no next day."""
    page = login().get(f"/cameras/door?{query}").content.decode()
    assert 'aria-label="Next day"' not in page
    assert 'aria-label="Day before"' in page


def test_what_is_being_written_reaches_to_now(login: Login, door: Camera) -> None:
    """An open segment of just now is shown to its present end; one that was forgotten is not."""
    now = timezone.now()
    add_segment("door", now - timedelta(seconds=20), 0, state="open")
    add_segment("door", now - timedelta(hours=60), 0, state="open")
    page = login().get(f"/cameras/door?at={now:%Y-%m-%dT%H:%M:%SZ}").content.decode()
    ends = [float(end) for end in re.findall(r'data-to="([\d.]+)"', page)]
    assert len(ends) == 1
    assert ends[0] >= now.timestamp()


def test_a_full_day_asks_little(
    login: Login, door: Camera, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Hundreds of segments and events take a bounded number of queries and rows on the page."""
    for number in range(50):
        add_segment("door", NOON + timedelta(minutes=20 * number - 700), 600)
    add_events("door", MOST_EVENTS + 10, start=NOON)
    client = login()
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/cameras/door?day=2026-11-21").content.decode()
    assert page.count("data-play=") == MOST_EVENTS
    assert "10 more" in page
    assert len(rectangles(page, "mark")) == MOST_EVENTS + 10
