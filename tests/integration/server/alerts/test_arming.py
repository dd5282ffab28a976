"""Armed and disarmed: one path for all, schedules that are caught up with, an OFF that waits."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.integration.server.alerts.conftest import make_event, renew
from tests.support.processes import wait_until
from vedette.server.accounts.models import Site
from vedette.server.alerts import service
from vedette.server.alerts.arming import STALE, changed, follow_schedules, is_armed, set_armed, settle
from vedette.server.alerts.guard import LOOK_S, ArmingGuard, pause_s
from vedette.server.alerts.models import Absence, AlertSite, ArmingSchedule, CameraArming
from vedette.server.alerts.standing import standings
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Berlin in November 2026; the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


LONG_AGO = at(1, 12)


def night(cameras: list[str] | None = None, made: datetime = LONG_AGO) -> ArmingSchedule:
    """Every night from 22 to 7."""
    service.set_time_zone(Site.default().pk, "Europe/Berlin")
    fields: dict[str, Any] = {"days": list(range(7)), "start": time(22), "end": time(7), "changed": made}
    return ArmingSchedule.objects.create(site=Site.default(), cameras=cameras or [], **fields)


def words(camera: str, now: datetime) -> str:
    """What the page says."""
    found = {each.camera: each for each in standings(Site.default().pk, Camera.objects.all(), now)}
    return found[camera].words


def test_by_hand(drive: Camera, garden: Camera) -> None:
    """Each camera by itself; an unknown one is not armed."""
    set_armed(["drive"], False, by="ada")
    assert (is_armed("drive"), is_armed("garden"), is_armed("nowhere")) == (False, True, False)


def test_new_cameras_are_as_their_site(db: None) -> None:
    """A camera that nobody has set follows what was said for all."""
    add_camera("Door", "rtsp://cam/1", camera_id="door")
    assert not is_armed("door")
    AlertSite.objects.create(site=Site.default(), armed=True)
    assert is_armed("door")
    follow_schedules()
    assert is_armed("door")


def test_an_off_waits_for_its_own_camera_only(drive: Camera, garden: Camera) -> None:
    """While an event is open on one camera it stays armed; the other is off at once; the end settles it."""
    event = make_event("drive")
    set_armed(["drive", "garden"], False, by="ada")
    assert (is_armed("drive"), is_armed("garden")) == (True, False)
    assert settle() == 0
    renew(event, phase="end")
    assert settle() == 1
    assert not is_armed("drive")


def test_any_open_event_counts(drive: Camera) -> None:
    """Not only the newest one."""
    make_event("drive")
    make_event("drive", phase="end")
    set_armed(["drive"], False, by="ada")
    assert is_armed("drive")


def test_force_does_not_wait(drive: Camera) -> None:
    """Whoever forces it is not asked to wait."""
    make_event("drive")
    set_armed(["drive"], False, by="ada", force=True)
    assert not is_armed("drive")


def test_arming_again_withdraws_what_waits(drive: Camera) -> None:
    """An ON after a waiting OFF: nothing happens when the event ends."""
    event = make_event("drive")
    set_armed(["drive"], False, by="ada")
    set_armed(["drive"], True, by="ada")
    renew(event, phase="end")
    assert settle() == 0
    assert is_armed("drive")


def test_a_lost_worker_keeps_nothing_armed(drive: Camera) -> None:
    """An open event of which nothing is heard does not hold an OFF for ever."""
    make_event("drive", start=timezone.now() - STALE - timedelta(seconds=1))
    set_armed(["drive"], False, by="ada")
    assert not is_armed("drive")


def test_stored_first_then_published(
    drive: Camera, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """Whoever listens hears of it after the commit, and reads the new state."""
    heard: list[tuple[str, bool]] = []

    def listen(arming: CameraArming, **_: Any) -> None:
        heard.append((arming.camera_id, is_armed(arming.camera_id)))

    changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            set_armed(["drive"], False, by="ada")
            assert heard == []
    finally:
        changed.disconnect(listen)
    assert heard == [("drive", False)]


def test_the_schedule_arms_and_disarms(drive: Camera, garden: Camera) -> None:
    """At ten on, at seven off, and only what it names."""
    night(["drive"])
    set_armed(["drive", "garden"], False, by="ada", now=at(16, 12))
    assert follow_schedules(at(16, 21, 59)) == at(16, 22)
    assert not is_armed("drive")
    assert follow_schedules(at(16, 22)) == at(17, 7)
    assert (is_armed("drive"), is_armed("garden")) == (True, False)
    assert words("drive", at(16, 23)) == "Armed by schedule until 07:00"
    follow_schedules(at(17, 7))
    assert not is_armed("drive")


def test_what_was_missed_is_caught_up_with(drive: Camera) -> None:
    """After a downtime the state is what the schedule says, whichever edges were missed."""
    night()
    set_armed(["drive"], False, by="ada", now=at(16, 12))
    follow_schedules(at(17, 3))
    assert is_armed("drive")
    follow_schedules(at(18, 12))
    assert not is_armed("drive")


def test_a_hand_wins_until_the_next_edge(drive: Camera) -> None:
    """Disarmed by hand at night: it stays so until the next evening, also after a restart."""
    night()
    follow_schedules(at(16, 22))
    set_armed(["drive"], False, by="ada", now=at(16, 23))
    follow_schedules(at(17, 1))
    assert not is_armed("drive")
    assert words("drive", at(17, 12)) == "Disarmed by ada at Mon 23:00 until 22:00"
    follow_schedules(at(17, 22))
    assert is_armed("drive")


def test_a_new_schedule_counts_at_once(drive: Camera) -> None:
    """A schedule made in the middle of its own hours arms right then."""
    set_armed(["drive"], False, by="ada", now=at(16, 22, 30))
    night(made=at(16, 23))
    follow_schedules(at(16, 23))
    assert is_armed("drive")


def test_an_absence_arms_throughout(drive: Camera) -> None:
    """The schedule's OFF does not disarm while nobody is home."""
    night()
    set_armed(["drive"], False, by="ada", now=at(16, 12))
    away = {"start": at(16, 18), "end": at(18, 20), "changed": at(16, 12)}
    Absence.objects.create(site=Site.default(), **away)
    follow_schedules(at(16, 18))
    for moment in (at(17, 7), at(17, 12), at(18, 19)):
        follow_schedules(moment)
        assert is_armed("drive")
    assert words("drive", at(17, 12)) == "Armed, nobody is home, until Wed 20:00"
    follow_schedules(at(18, 20))
    assert not is_armed("drive")


def test_a_schedule_waits_for_an_event_too(drive: Camera) -> None:
    """There is one path: the OFF of a schedule is not forced."""
    now = timezone.now()
    night()
    set_armed(["drive"], True, by="", cause="schedule", now=now)
    make_event("drive")
    set_armed(["drive"], False, by="", cause="schedule")
    assert is_armed("drive")
    assert words("drive", now) == "Disarms as soon as the event that goes on here has ended"


def test_the_guard_sleeps_to_the_second() -> None:
    """It wakes at the edge, and never sleeps longer than a look."""
    now = at(16, 21, 59)
    assert pause_s(now + timedelta(seconds=0.5), now) == pytest.approx(0.5)
    assert pause_s(None, now) == pause_s(now + timedelta(hours=1), now) == LOOK_S


def test_the_guard_follows(transactional_db: None, drive: Camera) -> None:
    """A schedule that covers now arms by itself, in a thread."""
    set_armed(["drive"], False, by="ada")
    guard = ArmingGuard()
    guard.start()
    try:
        schedule = {"days": list(range(7)), "start": time(0), "end": time(0)}
        ArmingSchedule.objects.create(site=Site.default(), **schedule)
        guard.wake()
        wait_until(lambda: is_armed("drive"))
    finally:
        guard.close()
