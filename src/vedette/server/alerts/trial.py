"""Trying things out: a channel by really sending to it, a rule on the events of the last day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from uuid6 import uuid7

from vedette.server.alerts.channels.base import Message, SendError, Sent
from vedette.server.alerts.composing import public_address
from vedette.server.alerts.health import note_failure, note_success
from vedette.server.alerts.matching import Armed, matches, occurrence_of
from vedette.server.alerts.models import Channel, Rule
from vedette.server.alerts.plans import site_zone
from vedette.server.alerts.service import redacted, sender_of
from vedette.server.events.models import Event

LOOK_BACK = timedelta(days=1)
MOST_EVENTS = 5000


def try_channel(channel: Channel) -> Sent:
    """Send a message that says it is a test; the answer is that of the other side.

    Raises:
        SendError: it was not taken; no secret is in its words.
    """
    now = timezone.now()
    try:
        sender = sender_of(channel)
        try:
            sent = sender.send(_test_message(now), "")
        finally:
            sender.close()
    except SendError as error:
        note_failure(channel, error, now)
        raise redacted(error, channel) from None
    note_success(channel, sent.answer, now)
    return sent


def _test_message(now: datetime) -> Message:
    return Message(
        id=str(uuid7()),
        delivery=str(uuid7()),
        revision=1,
        title="Vedette: this is a test",
        text="Alerts will arrive here.",
        about="test",
        opened=now,
        last=now,
        base=public_address(),
        path="/alerts",
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have told.

    Attributes:
        events: that the rule is about, newest first.
        notifications: what they would have come to, after grouping and cool-down.
        complete: whether all events of the last day were looked at.
    """

    events: Sequence[Event]
    notifications: int
    complete: bool


def try_rule(rule: Rule, events: "QuerySet[Event]", now: datetime | None = None) -> Trial:
    """Apply a rule to the visible events of the last day, as if what it asks to be armed had been."""
    now = now or timezone.now()
    rows = list(
        events.filter(start__gte=now - LOOK_BACK).defer("path").order_by("-start", "-id")[: MOST_EVENTS + 1]
    )
    zone, armed = site_zone(rule.site_id), Armed(armed=rule.armed != Rule.When.DISARMED)
    found = [row for row in rows[:MOST_EVENTS] if matches(rule, occurrence_of(row), armed, zone)]
    return Trial(found, _count(rule, found), complete=len(rows) <= MOST_EVENTS)


def _count(rule: Rule, events: Sequence[Event]) -> int:
    """Notifications that these events come to."""
    told, last, seen = 0, dict[str, datetime](), set[UUID]()
    for event in reversed(events):
        group = event.camera if rule.group_by == Rule.GroupBy.CAMERA else ""
        pause_s = (event.end - last[group]).total_seconds() if group in last else float("inf")
        if pause_s >= max(rule.group_s, rule.cooldown_s):
            told += 1
        if pause_s >= rule.cooldown_s or pause_s < rule.group_s:
            last[group] = max(event.end, last.get(group, event.end))
        seen.add(event.id)
    return told
