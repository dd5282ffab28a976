"""The events page and the page of one event."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import NOON, Login, add_events, add_segment
from vedette.server.accounts.models import Role
from vedette.server.cameras.models import Camera, Zone
from vedette.server.cameras.service import add_camera
from vedette.server.dashboard.events import PER_PAGE
from vedette.server.events import search
from vedette.server.events.models import Event

MOST_QUERIES = 30


def shown(page: str) -> list[str]:
    """The ids of the events on a page, in order."""
    return re.findall(r'id="event-([0-9a-f-]{36})"', page)


def test_pages_lead_to_every_event_once(login: Login, door: Camera) -> None:
    """Newest first, page by page, each event once, also where several began at the same moment."""
    rows = add_events("door", PER_PAGE + 20) + add_events("door", PER_PAGE, start=NOON)
    client, path, found = login(), "/events?label=person", []
    while path:
        page = client.get(path).content.decode()
        found += shown(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
        assert not path or "label=person" in path
    wanted = sorted(rows, key=lambda row: (row.start, str(row.id)), reverse=True)
    assert found == [str(row.id) for row in wanted]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"person", "car", "motion", "cat"}),
        ("label=car", {"car"}),
        ("kind=motion", {"motion"}),
        ("camera=yard", {"cat"}),
        ("zone=Path", {"car"}),
        ("min_score=0.7", {"person", "car"}),
        ("after=2026-11-21T13:30", {"car", "motion", "cat"}),
        ("before=2026-11-21T13:30", {"person"}),
        ("after=2026-11-21T12:30:00Z&before=2026-11-21T13:30:00%2B00:00", {"car"}),
        ("camera=nowhere", set()),
    ],
)
def test_filters(login: Login, door: Camera, query: str, wanted: set[str]) -> None:
    """Each field narrows the list; times without an offset are the viewer's (Berlin is an hour ahead)."""
    add_camera("Yard", "rtsp://cam/2", camera_id="yard")
    hour = timedelta(hours=1)
    visit = {"zone": "Path", "enter": NOON.timestamp(), "exit": None}
    add_events("door", label="person", score=0.9)
    add_events("door", label="car", score=0.8, start=NOON + hour, zones=[visit])
    add_events("door", label="motion", kind="motion", score=0.1, start=NOON + 2 * hour)
    add_events("yard", label="cat", score=0.5, start=NOON + 3 * hour)
    page = login(zone="Europe/Berlin").get(f"/events?{query}").content.decode()
    labels = {str(row.id): row.label for row in Event.objects.all()}
    assert {labels[event_id] for event_id in shown(page)} == wanted


@pytest.mark.parametrize("query", ["min_score=much", "kind=rumour", "after=yesterday", "min_score=7&kind=x"])
def test_a_filter_that_is_not_understood_is_left_out_and_named(
    login: Login, door: Camera, query: str
) -> None:
    """Nonsense in the address bar gives the list and a word about it, not an error."""
    add_events("door")
    answer = login().get(f"/events?{query}")
    assert answer.status_code == 200
    assert len(shown(answer.content.decode())) == 1
    assert "not understood" in answer.content.decode()


def test_a_wrong_cursor_begins_anew(login: Login, door: Camera) -> None:
    """A cursor that is none leads to the first page."""
    assert login().get("/events?cursor=x")["Location"] == "/events"


def test_the_form_offers_what_there_is(login: Login, door: Camera, elsewhere: Camera) -> None:
    """Cameras, zones and labels that there are or that events have, as far as they may be seen."""
    Zone.objects.create(camera=door, name="Path", polygon=[[0, 0], [1, 0], [1, 1]])
    Zone.objects.create(camera=elsewhere, name="Safe", polygon=[[0, 0], [1, 0], [1, 1]])
    add_events("door", label="hedgehog", zones=[{"zone": "Old path", "enter": 1.0, "exit": None}])
    add_events("vault", label="burglar")
    page = login(Role.VIEWER).get("/events?label=unicorn&camera=gone").content.decode()
    assert 'name="camera" value="door"> Front door' in page
    assert 'name="camera" value="gone" checked> gone' in page
    assert "<option>Path</option>" in page
    assert "<option>Old path</option>" in page
    assert 'value="unicorn" checked' in page
    assert {'value="person"', 'value="hedgehog"'} <= set(re.findall(r'value="(?:person|hedgehog)"', page))
    assert not re.search("Safe|Vault|burglar", page)


def test_links_may_use_short_names(login: Login, door: Camera) -> None:
    """Other pages link with `from`, `to` and `score`; several labels and cameras are kept in every link."""
    add_events("door", PER_PAGE + 1, score=0.9, label="car")
    add_events("door", score=0.9, start=NOON - timedelta(days=1))
    query = "label=car&label=cat&camera=door&camera=yard&from=2026-11-21T00:00&score=0.5"
    page = login().get(f"/events?{query}").content.decode()
    assert len(shown(page)) == PER_PAGE
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert {"label=car", "label=cat", "camera=door", "camera=yard"} <= set(
        re.split("[?&]", unescape(older[1]))
    )
    event = re.search(r'href="/events/[^"?]+\?([^"]+)list"', page)
    assert event
    assert "min_score=0.5" in event[1]
    assert "label=cat" in event[1]


@pytest.mark.parametrize(
    ("when", "days"),
    [("today", [0]), ("yesterday", [1]), ("week", [0, 1, 6]), ("someday", [0, 1, 6, 7])],
)
def test_spans_of_days_are_the_viewers(login: Login, door: Camera, when: str, days: list[int]) -> None:
    """Today, yesterday and the last seven days go by the viewer's midnight; nonsense is named."""
    now = timezone.now().astimezone(ZoneInfo("Pacific/Auckland")).replace(hour=0, minute=30)
    rows = {day: add_events("door", start=now - timedelta(days=day))[0] for day in (0, 1, 6, 7)}
    page = login(zone="Pacific/Auckland").get(f"/events?when={when}").content.decode()
    assert shown(page) == [str(rows[day].id) for day in days]
    assert ("not understood" in page) == (when == "someday")


def test_events_are_grouped(login: Login, door: Camera) -> None:
    """By the hour where many share one, else by the day; the older page goes on in the same way."""
    client = login(zone="Europe/Berlin")
    add_events("door", PER_PAGE + 20, start=NOON.replace(year=2025))
    page = client.get("/events").content.decode()
    assert re.findall("<h2>(.*?)</h2>", page)[:2] == [
        "Friday 21 November 2025, 14:00",
        "Friday 21 November 2025, 13:00",
    ]
    assert "group=hour" in page
    add_events("door", start=NOON.replace(year=2025, day=22))
    page = client.get("/events?after=2025-11-21T14:05").content.decode()
    assert re.findall("<h2>(.*?)</h2>", page) == ["Saturday 22 November 2025", "Friday 21 November 2025"]


def test_an_empty_page_of_a_long_walk_leads_on(
    login: Login, door: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was found yet, the page says how far it has looked, and there is a way on."""
    monkeypatch.setattr(search, "MOST_WALKED", 10)
    add_events("door", score=0.95, start=NOON - timedelta(days=1))
    add_events("door", 30, score=0.5)
    page = login().get("/events?min_score=0.9").content.decode()
    assert "There may be more before" in page
    assert 'rel="next"' in page


def test_the_list_asks_little(
    login: Login, door: Camera, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """A full page takes as many queries as one event."""
    add_events("door", PER_PAGE + 5, zones=[{"zone": "Path", "enter": 1.0, "exit": None}])
    client = login()
    with django_assert_max_num_queries(MOST_QUERIES):
        assert len(shown(client.get("/events").content.decode())) == PER_PAGE


def test_one_event(login: Login, door: Camera, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    """Its facts, box, path of the feet, zones, neighbours on its camera, and its clip when recorded."""
    path = [[NOON.timestamp() + at, [10 * at, 20, 30, 40]] for at in range(3)]
    visit = {"zone": "Path", "enter": NOON.timestamp(), "exit": NOON.timestamp() + 5}
    before, found, after = (
        add_events("door", start=NOON + timedelta(hours=at), snapshot="a.jpg", path=path, zones=[visit])[0]
        for at in range(3)
    )
    add_events("other", start=NOON + timedelta(hours=1, minutes=1))
    add_segment("door", NOON + timedelta(minutes=55))
    client = login(zone="Europe/Berlin")
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(f"/events/{found.id}").content.decode()
    assert re.search(rf'rel="prev"[^>]* href="/events/{before.id}"', page)
    assert re.search(rf'rel="next"[^>]* href="/events/{after.id}"', page)
    assert '<rect class="box" x="10" y="20" width="30" height="40"' in page
    assert '<polyline points="15.0,60 25.0,60 35.0,60 "' in page
    assert "14:00:00" in page
    assert "2026-11-21 13:00:00 UTC" in page
    assert f'src="/api/v1/events/{found.id}/clip.mp4' in page
    assert ">80 %<" in page


def test_an_event_without_recording_says_so(login: Login, door: Camera) -> None:
    """Where nothing was recorded there is no player that cannot play."""
    event = add_events("door")[0]
    page = login().get(f"/events/{event.id}").content.decode()
    assert "<video" not in page
    assert "Nothing was recorded" in page


def test_events_outlive_their_camera(login: Login, door: Camera) -> None:
    """An administrator still sees the events of a camera that was removed; nobody else does."""
    event = add_events("door")[0]
    door.delete()
    page = login().get(f"/events/{event.id}").content.decode()
    assert "(removed)" in page
    assert "/cameras/door" not in page
    assert login(Role.VIEWER).get(f"/events/{event.id}").status_code == 404
