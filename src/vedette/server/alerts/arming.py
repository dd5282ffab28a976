"""Armed or disarmed: the one path by which pages, REST, schedules and everybody else set it.

What is set is stored first and published after the commit (`changed`, and news of kind `arming`). An OFF that
is not forced waits until no event of that camera is open; other cameras do not wait for it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from vedette.server.alerts.models import AlertSite, CameraArming, Cause
from vedette.server.alerts.plans import Plans
from vedette.server.alerts.schedule import Plan, away, next_change, planned
from vedette.server.cameras.models import Camera
from vedette.server.events.models import Event
from vedette.server.live import News
from vedette.server.runtime import runtime
from vedette.server.times import iso

changed = Signal()
"""A camera was armed or disarmed, or is asked to be: after the commit, with `arming=`, a `CameraArming`."""

STALE = timedelta(minutes=2)
"""An open event of which nothing was heard for so long does not keep anything armed: its worker is gone."""
_LONGEST = timedelta(days=1)

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("armed", "wanted", "since", "set_at", "cause", "who")
_log = structlog.get_logger(__name__)


def is_armed(camera_id: str) -> bool:
    """Whether a camera is armed now; one that is unknown is not."""
    row = CameraArming.objects.filter(pk=camera_id).values_list("armed", flat=True).first()
    if row is not None:
        return row
    return AlertSite.objects.filter(site__cameras=camera_id, armed=True).exists()


def set_armed(
    cameras: Iterable[str],
    armed: bool,
    *,
    by: str,
    cause: str = Cause.HAND,
    force: bool = False,
    now: datetime | None = None,
) -> list[CameraArming]:
    """Arm or disarm cameras; returns how they stand then, in the order of their ids.

    Args:
        cameras: ids; unknown ones are left out.
        armed: or disarmed.
        by: the name of who did it; empty for a schedule.
        cause: by hand, by a program, by schedule.
        force: disarm although an event goes on.
        now: for tests.
    """
    now = now or timezone.now()
    with transaction.atomic():
        rows = states(cameras)
        busy = frozenset() if armed or force else in_motion([row.camera_id for row in rows], now)
        for row in rows:
            row.wanted, row.set_at, row.cause, row.who = armed, now, cause, by[:120]
            if row.camera_id not in busy:
                _take_effect(row, now)
        _store(rows)
    return rows


def settle(now: datetime | None = None) -> int:
    """Let every OFF take effect that waited for an event which has ended; returns how many did."""
    now = now or timezone.now()
    if not CameraArming.objects.filter(armed=True, wanted=False).exists():
        return 0
    with transaction.atomic():
        waiting = list(CameraArming.objects.select_for_update().filter(armed=True, wanted=False))
        busy = in_motion([row.camera_id for row in waiting], now)
        free = [row for row in waiting if row.camera_id not in busy]
        for row in free:
            _take_effect(row, now)
        _store(free)
    return len(free)


def follow_schedules(now: datetime | None = None) -> datetime | None:
    """Set what schedules and absences say, where nobody has set it since; returns when the next edge is."""
    now = now or timezone.now()
    edges: list[datetime] = []
    for site_id in _planned_sites():
        edges += _follow(site_id, now)
    return min(edges, default=None)


def states(cameras: Iterable[str]) -> list[CameraArming]:
    """The rows of cameras, by id, made where there is none yet; locked inside a transaction."""
    ids = list(cameras)
    known = set(CameraArming.objects.filter(pk__in=ids).values_list("pk", flat=True))
    missing = Camera.objects.filter(pk__in=set(ids) - known).annotate(default=F("site__alerts__armed"))
    fresh = [
        CameraArming(camera=camera, armed=bool(camera.default), wanted=bool(camera.default), set_at=_NEVER)
        for camera in missing
    ]
    CameraArming.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = CameraArming.objects.filter(pk__in=ids).order_by("pk")
    return list(rows.select_for_update() if transaction.get_connection().in_atomic_block else rows)


def in_motion(cameras: Sequence[str], now: datetime) -> frozenset[str]:
    """Those of the cameras on which an event goes on."""
    going_on = Event.objects.filter(camera__in=cameras, end__gte=now - STALE, start__gte=now - _LONGEST)
    return frozenset(going_on.exclude(phase="end").values_list("camera", flat=True))


def _planned_sites() -> list[int]:
    found = Camera.objects.filter(site__arming_schedules__enabled=True) | Camera.objects.filter(
        site__absences__isnull=False
    )
    return list(found.order_by("site_id").values_list("site_id", flat=True).distinct())


def _follow(site_id: int, now: datetime) -> list[datetime]:
    plans, edges = Plans(site_id), []
    wanted: dict[tuple[bool, str], list[str]] = {}
    for row in states(Camera.objects.filter(site=site_id).values_list("id", flat=True)):
        own = plans.of(row.camera_id)
        since = own.counts_from(now)
        says = planned(own.plan, now)
        if not own.plan.is_empty and since is not None and row.set_at < since and row.wanted != says:
            wanted.setdefault((says, _cause(own.plan, now)), []).append(row.camera_id)
        edge = next_change(own.plan, now)
        edges += [edge] if edge else []
    for (says, cause), cameras in wanted.items():
        set_armed(cameras, says, by="", cause=cause, now=now)
    return edges


def _cause(plan: Plan, now: datetime) -> str:
    return Cause.ABSENCE if away(plan, now) else Cause.SCHEDULE


def _take_effect(row: CameraArming, now: datetime) -> None:
    if row.armed != row.wanted:
        row.armed, row.since = row.wanted, now


def _store(rows: Sequence[CameraArming]) -> None:
    CameraArming.objects.bulk_update(rows, _FIELDS)
    transaction.on_commit(lambda: _publish(rows))


def _publish(rows: Sequence[CameraArming]) -> None:
    for row in rows:
        _log.info(
            "Arming", camera=row.camera_id, armed=row.armed, wanted=row.wanted, cause=row.cause, by=row.who
        )
        runtime.live.publish(arming_news(row))
        for receiver, outcome in changed.send_robust(sender=CameraArming, arming=row):
            if isinstance(outcome, Exception):
                runtime.counters["arming_receiver_errors"] += 1
                _log.error("Arming could not be passed on", receiver=repr(receiver), error=str(outcome))


def arming_news(row: CameraArming) -> News:
    """As the live stream sends it."""
    data = {"camera": row.camera_id, "armed": row.armed, "wanted": row.wanted, "since": iso(row.since)}
    return News("arming", row.camera_id, data | {"cause": row.cause, "who": row.who})
