"""From occurrences to notifications and deliveries: rules, snoozes, cool-down and grouping applied.

Everything that one occurrence leads to is written in the transaction of the caller.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vedette.server.alerts import wording
from vedette.server.alerts.channels import replaces
from vedette.server.alerts.matching import Armed, Occurrence, matches
from vedette.server.alerts.models import Channel, Delivery, Notification, Rule, Told
from vedette.server.alerts.schedule import within
from vedette.server.alerts.situation import Situation
from vedette.server.live import News
from vedette.server.runtime import runtime

MOST_EVENTS = 50
"""Events that a notification names."""

_LONGEST_GROUP = 10
"""A group goes on for at most so many times its pause: then the next one is a notification of its own."""

_JOINED = ("revision", "last", "count", "events", "labels", "cameras", "title", "text", "picture")


@transaction.atomic
def tell(occurrences: Sequence[Occurrence], now: datetime | None = None) -> set[int]:
    """Apply all rules; returns the ids of the channels that have something to send."""
    around = Situation.of(occurrences, now or timezone.now())
    busy: set[int] = set()
    for what in occurrences:
        for rule in around.rules_for(what):
            if (rule.pk, what.subject) not in around.told and _is_about(rule, what, around):
                around.told.add((rule.pk, what.subject))
                busy |= _apply(rule, what, around)
    return busy | _add_pictures(occurrences, around.now)


def _is_about(rule: Rule, what: Occurrence, around: Situation) -> bool:
    return matches(rule, what, around.armed.get(what.camera, Armed()), around.zones[rule.site_id])


def _apply(rule: Rule, what: Occurrence, around: Situation) -> set[int]:
    group = _group(rule, what) if what.about == Rule.About.EVENTS else None
    if group is not None:
        _join(group, what, around)
        busy = _again(group, around.now)
    elif (before := _in_cooldown(rule, what)) is not None:
        Notification.objects.filter(pk=before.pk).update(held_back=F("held_back") + 1)
        group, busy = before, set()
    else:
        group = _new(rule, what, around)
        busy = _dispatch(group, rule, around)
    transaction.on_commit(lambda: runtime.live.publish(alert_news(group)))
    Told.objects.create(rule=rule, subject=what.subject, notification=group, camera=what.camera)
    return busy


def alert_news(row: Notification) -> News:
    """As the live stream sends it."""
    shown = {"id": str(row.pk), "revision": row.revision, "title": row.title, "text": row.text}
    return News("alert", row.camera, shown | {"camera": row.camera, "held": row.held})


def _group(rule: Rule, what: Occurrence) -> Notification | None:
    """The notification that this belongs to."""
    rows = Notification.objects.filter(rule=rule, last__gte=what.moment - timedelta(seconds=rule.group_s))
    if rule.group_by == Rule.GroupBy.CAMERA:
        rows = rows.filter(camera=what.camera)
    found = rows.filter(opened__lte=what.moment + timedelta(seconds=rule.group_s)).order_by("-opened").first()
    if found is None or rule.group_s == 0:
        return None
    return found if what.moment - found.opened <= timedelta(seconds=rule.group_s * _LONGEST_GROUP) else None


def _in_cooldown(rule: Rule, what: Occurrence) -> Notification | None:
    """The notification of this rule and camera after which there is still silence."""
    if not rule.cooldown_s or what.about == Rule.About.SYSTEM:
        return None
    newest = Told.objects.filter(rule=rule, camera=what.camera).order_by("-id").first()
    before = newest.notification if newest else None
    if before is None or not timedelta() <= what.moment - before.last < timedelta(seconds=rule.cooldown_s):
        return None
    return before


def _new(rule: Rule, what: Occurrence, around: Situation) -> Notification:
    zone, snooze = around.zones[rule.site_id], around.snooze(rule, what.camera)
    system = what.about == Rule.About.SYSTEM
    return Notification.objects.create(
        site_id=rule.site_id,
        rule=rule,
        rule_name=str(rule)[:120],
        about=what.about,
        camera=what.camera,
        cameras=[what.camera] if what.camera else [],
        title=wording.incident_title(what, watched=around.watches(what.camera))
        if system
        else wording.title([around.name(what.camera)], [what.label], 1),
        text=wording.text(what, zone),
        severity=what.severity,
        opened=what.moment,
        last=what.moment,
        created=around.now,
        events=[what.event] if what.event else [],
        labels=[what.label] if what.label else [],
        picture=what.picture if rule.picture else "",
        urgent=rule.urgent,
        held=wording.snoozed_words(snooze.until, snooze.who, zone) if snooze else "",
    )


def _join(row: Notification, what: Occurrence, around: Situation) -> None:
    row.revision, row.count = row.revision + 1, row.count + 1
    row.last = max(row.last, what.moment)
    row.events = [*row.events, what.event][:MOST_EVENTS]
    row.labels = list(dict.fromkeys([*row.labels, what.label]))
    row.cameras = list(dict.fromkeys([*row.cameras, what.camera]))
    names = [around.name(camera) for camera in row.cameras]
    row.title = wording.title(names, row.labels, row.count)
    row.text = wording.follow_up(row, what, around.zones[row.site_id])
    row.save(update_fields=_JOINED)


def _dispatch(row: Notification, rule: Rule, around: Situation) -> set[int]:
    """A delivery per channel; one that is quiet now is written down as skipped."""
    if row.held:
        return set()
    zone = around.zones[rule.site_id]
    deliveries = [
        _delivery(row, channel, _is_quiet(channel, row, zone, around.now))
        for channel in around.channels(rule)
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return {each.channel_id for each in deliveries if each.state == Delivery.State.WAITING}


def _is_quiet(channel: Channel, row: Notification, zone: ZoneInfo, now: datetime) -> bool:
    return bool(channel.quiet) and not row.urgent and within(channel.quiet, zone, now)


def _delivery(row: Notification, channel: Channel, quiet: bool) -> Delivery:
    made = Delivery(notification=row, channel=channel, created=timezone.now(), due=timezone.now())
    if quiet:
        made.state, made.reason, made.finished = Delivery.State.SKIPPED, "Quiet hours", made.created
    return made


def _again(row: Notification, now: datetime) -> set[int]:
    """Have the channels that can replace what they said do so."""
    busy = set()
    for delivery in row.deliveries.select_related("channel"):
        if delivery.state in _MAY_CHANGE and replaces(delivery.channel.kind):
            settled = delivery.state == Delivery.State.SENT
            changes = {"state": Delivery.State.WAITING, "tries": 0, "due": now} if settled else {}
            Delivery.objects.filter(pk=delivery.pk).update(wanted=row.revision, **changes)
            busy.add(delivery.channel_id)
    return busy


_MAY_CHANGE = {Delivery.State.WAITING, Delivery.State.SENDING, Delivery.State.SENT}


def _add_pictures(occurrences: Sequence[Occurrence], now: datetime) -> set[int]:
    """Give notifications that were told before there was a picture their picture."""
    pictures = {what.event: what.picture for what in occurrences if what.event and what.picture}
    subjects = [f"event:{event}" for event in pictures]
    rows = Notification.objects.filter(
        subjects__subject__in=subjects, picture="", rule__picture=True
    ).distinct()
    busy: set[int] = set()
    for row in rows:
        found = next((pictures[event] for event in row.events if event in pictures), "")
        if found:
            row.picture, row.revision = found, row.revision + 1
            row.save(update_fields=["picture", "revision"])
            busy |= _again(row, now)
    return busy
