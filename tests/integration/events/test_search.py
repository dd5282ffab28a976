"""Whatever is asked for is found, in order, each event once, and by an index."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.events.conftest import BEGIN_S, Tell, happened
from vedette.domain.messages import EventMessage
from vedette.server.accounts.models import Role, Site
from vedette.server.accounts.policy import Principal
from vedette.server.cameras.models import Camera
from vedette.server.events import search
from vedette.server.events.feedback import give_feedback
from vedette.server.events.models import Event, Facet, Feedback, ZoneEntry
from vedette.server.events.retention import remove_unused_facets
from vedette.server.events.search import Key, Wanted, find, find_any
from vedette.server.ingest import store_batch

LABELS = ("person", "car", "dog", "motion")
ZONES = ("", "", "Path", "Drive")
VERDICTS = ("right", "wrong", "", "", "")


def moment(at_s: float) -> datetime:
    """A time after the beginning."""
    return datetime.fromtimestamp(BEGIN_S + at_s, UTC)


@pytest.fixture
def many(cameras: None) -> list[EventMessage]:
    """A hundred events of all sorts, some at the same moment, some judged."""
    chance, told = random.Random(3), []
    for number in range(100):
        label = chance.choice(LABELS)
        message = happened(
            chance.choice(("door", "yard", "gone")),
            float(number // 2),
            zone=chance.choice(ZONES),
            label=label,
            kind="motion" if label == "motion" else "object",
            score=round(chance.random(), 2),
        )
        told.append(message)
    store_batch(told, Counter())
    for row in Event.objects.all():
        if verdict := chance.choice(VERDICTS):
            give_feedback(row, verdict, "", "ada")
    return told


def every(asks: Principal, wanted: Wanted, *, page: int = 7, oldest: bool = False) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    beyond: Key | None = None
    while True:
        part = find(asks, wanted, beyond, page, oldest=oldest)
        found += [str(row.id) for row in part.events]
        beyond = part.further
        if beyond is None:
            return found


def expected(told: list[EventMessage], wanted: Wanted) -> list[str]:
    """The same by looking at every event."""
    verdicts = {str(row.event): row.verdict for row in Feedback.objects.all()}

    def fits(message: EventMessage) -> bool:
        verdict = verdicts.get(message.id)
        feedback = {None: True, "none": verdict is None, "any": verdict is not None}
        return (
            (not wanted.cameras or message.camera in wanted.cameras)
            and (not wanted.labels or message.label in wanted.labels)
            and wanted.kind in {None, message.kind}
            and (not wanted.zone or wanted.zone in {visit.zone for visit in message.zones})
            and (wanted.after is None or message.start_utc_s >= wanted.after.timestamp())
            and (wanted.before is None or message.start_utc_s < wanted.before.timestamp())
            and message.score >= (wanted.min_score or 0)
            and feedback.get(wanted.feedback, verdict == wanted.feedback)
        )

    rows = sorted(told, key=lambda message: (message.start_utc_s, message.id), reverse=True)
    return [message.id for message in rows if fits(message)]


CASES: list[dict[str, Any]] = [
    {},
    {"cameras": {"door"}},
    {"cameras": {"door", "gone"}, "labels": {"car"}},
    {"labels": {"person", "dog"}},
    {"labels": {"unicorn"}},
    {"cameras": {"nowhere"}},
    {"kind": "motion"},
    {"kind": "object", "cameras": {"yard"}},
    {"zone": "Path"},
    {"zone": "Path", "labels": {"car"}, "cameras": {"door", "yard"}},
    {"zone": "Nowhere"},
    {"min_score": 0.7},
    {"min_score": 0.5, "zone": "Drive"},
    {"min_score": 1.0},
    {"after": moment(10), "before": moment(30)},
    {"after": moment(10), "labels": {"car"}, "min_score": 0.2},
    {"feedback": "none"},
    {"feedback": "any", "zone": "Path"},
    {"feedback": "wrong", "cameras": {"door"}, "labels": {"car", "dog"}},
    {"feedback": "right", "min_score": 0.5, "kind": "object"},
    {"feedback": "other"},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: ",".join(case) or "all")
@pytest.mark.parametrize("walked", [5, 40_000], ids=["short walks", "long walks"])
def test_pages_hold_what_fits(
    admin: Principal, many: list[EventMessage], monkeypatch: pytest.MonkeyPatch, case: Any, walked: int
) -> None:
    """All pages together are what a look at every event gives, however short a page's walk is."""
    monkeypatch.setattr(search, "MOST_WALKED", walked)
    wanted = Wanted(**{name: frozenset(v) if isinstance(v, set) else v for name, v in case.items()})
    assert every(admin, wanted) == expected(many, wanted)
    assert every(admin, wanted, oldest=True) == expected(many, wanted)[::-1]


def test_many_stretches_become_a_walk(
    admin: Principal, many: list[EventMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more cameras and labels than are worth a stretch each, the same is found."""
    monkeypatch.setattr(search, "MOST_STRETCHES", 1)
    for wanted in (
        Wanted(cameras=frozenset({"door", "yard"}), labels=frozenset({"car", "dog"})),
        Wanted(zone="Path", cameras=frozenset({"door", "gone"})),
    ):
        assert every(admin, wanted) == expected(many, wanted)


def test_a_page_ends_where_its_walk_ends(
    admin: Principal, cameras: None, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that looks in vain is empty and says where to go on; the neighbour is found all the same."""
    monkeypatch.setattr(search, "MOST_WALKED", 10)
    old = tell(at_s=-100, score=0.99)
    new = [tell(at_s=number, score=0.1) for number in range(50)]
    first = find(admin, Wanted(min_score=0.9), None, 5)
    assert first.events == []
    assert first.further is not None
    assert every(admin, Wanted(min_score=0.9)) == [old.id]
    newest = Event.objects.get(pk=new[-1].id)
    found = find_any(admin, Wanted(min_score=0.9), (newest.start, newest.id))
    assert found is not None
    assert str(found.id) == old.id


def test_only_visible_cameras_are_searched(many: list[EventMessage], admin: Principal) -> None:
    """P6: whoever is limited to cameras, or belongs to another site, finds nothing of the others."""
    few = Principal("vic", Role.VIEWER, admin.site_id, by_session=False, cameras=frozenset({"yard"}))
    assert every(few, Wanted()) == expected(many, Wanted(cameras=frozenset({"yard"})))
    assert every(few, Wanted(cameras=frozenset({"door"}))) == []
    assert every(few, Wanted(zone="Path")) == expected(many, Wanted(zone="Path", cameras=frozenset({"yard"})))
    stranger = Principal("eve", Role.VIEWER, Site.objects.create(slug="o", name="O").pk, by_session=False)
    assert every(stranger, Wanted(feedback="any")) == []
    assert Camera.objects.count() == 2


PLANS = [
    (Wanted(), "event_by_time"),
    (Wanted(cameras=frozenset({"door"})), "event_by_camera"),
    (Wanted(labels=frozenset({"car"})), "event_by_label"),
    (Wanted(cameras=frozenset({"door"}), labels=frozenset({"car"})), "event_by_camera_label"),
    (Wanted(kind="object"), "event_by_label"),
    (Wanted(zone="Path"), "entry_by_time"),
    (Wanted(zone="Path", labels=frozenset({"car"})), "entry_by_label"),
    (Wanted(zone="Path", cameras=frozenset({"door"})), "entry_by_camera_label"),
    (Wanted(min_score=0.9), "event_by_time"),
]


@pytest.mark.parametrize(("wanted", "index"), PLANS, ids=[index for _, index in PLANS])
def test_every_filter_has_its_index(
    admin: Principal, many: list[EventMessage], wanted: Wanted, index: str
) -> None:
    """SQLite walks along the index that fits, touches no row on the way, and sorts a page at most."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        find(admin, wanted, (moment(40), Event.objects.values_list("id", flat=True)[0]), 10)
    [*_, sql] = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("WITH found")]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql)
        plan = [row[3] for row in cursor.fetchall()]
    read = [step for step in plan if "events_event" in step or "events_zoneentry" in step]
    assert read
    assert all(f"USING COVERING INDEX {index} " in f"{step} " for step in read), plan


def test_facets_are_forgotten_with_their_last_event(cameras: None, tell: Tell) -> None:
    """What is offered to filter by is what there are events of."""
    tell("door", zone="Path")
    gone = tell("yard", label="cat", zone="Lawn")
    assert set(Facet.objects.values_list("camera", "label", "zone")) == {
        ("door", "person", ""), ("door", "person", "Path"), ("yard", "cat", ""), ("yard", "cat", "Lawn"),
    }  # fmt: skip
    Event.objects.filter(pk=gone.id).delete()
    assert remove_unused_facets() == 2
    assert set(Facet.objects.values_list("camera", flat=True)) == {"door"}
    assert remove_unused_facets() == 0


def test_zone_entries_follow_their_event(cameras: None, tell: Tell) -> None:
    """A newer revision with another label is found under that."""
    first = tell("door", zone="Path", label="dog")
    tell("door", zone="Path", label="cat", id=first.id, revision=2)
    assert ZoneEntry.objects.get().label == "cat"


def test_a_week_can_be_asked_for(admin: Principal, cameras: None, tell: Tell) -> None:
    """From is inclusive, until is not."""
    told = [tell(at_s=86400.0 * day) for day in range(10)]
    wanted = Wanted(after=moment(86400 * 2), before=moment(0) + timedelta(days=9))
    assert every(admin, wanted) == [message.id for message in told[2:9]][::-1]
