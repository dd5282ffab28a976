"""Rules, snoozes, cool-down and grouping: what is told of what happens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.integration.server.alerts.conftest import make_event, make_rule, renew
from vedette.server.accounts.models import Site
from vedette.server.alerts import service
from vedette.server.alerts.arming import set_armed
from vedette.server.alerts.matching import Occurrence, occurrence_of
from vedette.server.alerts.models import Channel, Delivery, Notification, Told
from vedette.server.alerts.snoozing import snooze
from vedette.server.alerts.telling import tell
from vedette.server.cameras.models import Camera
from vedette.server.events.models import Event


def told(*events: Event) -> list[Notification]:
    """Apply all rules to events; the notifications there are then, oldest first."""
    tell([occurrence_of(event) for event in events])
    return list(Notification.objects.order_by("created", "opened"))


def test_an_event_becomes_a_notification(webhook: Channel) -> None:
    """It says what was seen where and when, and waits for the channel of the rule."""
    rule = make_rule(webhook, name="Drive at night")
    event = make_event(zones=[{"zone": "Gate", "enter": 1.0, "exit": None}])
    assert tell([occurrence_of(event)]) == {webhook.pk}
    row = Notification.objects.get()
    assert (row.title, row.camera, row.events, row.rule) == ("Drive: person", "drive", [str(event.id)], rule)
    assert "Gate" in row.text
    assert "87 %" in row.text
    assert row.deliveries.get().state == Delivery.State.WAITING


def test_a_rule_deals_with_an_event_once(webhook: Channel) -> None:
    """Later revisions, and the same one again after a crash, make no second notification."""
    make_rule(webhook)
    event = make_event()
    told(event)
    assert len(told(event, renew(event, phase="end"))) == 1
    assert Delivery.objects.count() == 1


def test_an_event_may_fit_later(webhook: Channel) -> None:
    """An event that enters the zone after a while is told then."""
    make_rule(webhook, zones=["Gate"])
    event = make_event()
    assert told(event) == []
    event = renew(event, zones=[{"zone": "Gate", "enter": 2.0, "exit": None}])
    assert len(told(event)) == 1


@pytest.mark.parametrize(
    ("rule", "event"),
    [
        ({"labels": ["car"]}, {}),
        ({"min_score": 0.9}, {}),
        ({"cameras": ["garden"]}, {}),
        ({"kind": "motion", "labels": []}, {}),
        ({"person": "known"}, {}),
        ({"armed": "disarmed"}, {}),
        ({"enabled": False}, {}),
        ({"hours": [{"days": [0], "start": "10:00", "end": "11:00"}]}, {"end": None}),
    ],
)
def test_what_a_rule_is_not_about(webhook: Channel, garden: Camera, rule: dict, event: dict) -> None:
    """Every condition keeps out what does not fit it."""
    make_rule(webhook, **rule)
    sunday = timezone.now().replace(year=2026, month=11, day=22, hour=12)
    assert told(make_event(**({"end": sunday} if event else {}))) == []


def test_hours_are_those_of_the_site(webhook: Channel) -> None:
    """22:30 in Berlin is 21:30 UTC: a rule from 22:00 applies."""
    service.set_time_zone(Site.default().pk, "Europe/Berlin")
    make_rule(webhook, hours=[{"days": [0, 1, 2, 3, 4, 5, 6], "start": "22:00", "end": "23:00"}])
    moment = timezone.now().replace(month=1, day=5, hour=21, minute=30)
    assert len(told(make_event(end=moment))) == 1


def test_nothing_is_told_while_disarmed(webhook: Channel) -> None:
    """A rule for armed hours is silent after an OFF."""
    make_rule(webhook)
    set_armed(["drive"], False, by="ada", force=True)
    assert told(make_event()) == []


def test_whoever_arms_is_not_the_alarm(webhook: Channel) -> None:
    """What had begun before somebody armed by hand does not count; what begins after does."""
    make_rule(webhook)
    set_armed(["drive"], False, by="ada", force=True)
    leaving = make_event(start=timezone.now() - timedelta(seconds=20))
    set_armed(["drive"], True, by="ada")
    assert told(renew(leaving, end=timezone.now())) == []
    assert len(told(make_event())) == 1


def test_what_stands_there_when_the_schedule_arms_counts(webhook: Channel) -> None:
    """At night somebody who was in the garden before ten is told of, too."""
    make_rule(webhook)
    standing = make_event(start=timezone.now() - timedelta(seconds=20))
    set_armed(["drive"], False, by="ada", force=True)
    set_armed(["drive"], True, by="", cause="schedule")
    assert len(told(renew(standing, end=timezone.now()))) == 1


def test_what_belongs_together_is_one_notification(webhook: Channel) -> None:
    """Events within the pause update the notification and its delivery, and are counted."""
    make_rule(webhook, labels=[], group_s=30)
    now = timezone.now()
    told(make_event(start=now))
    Delivery.objects.update(state=Delivery.State.SENT, revision=1)
    rows = told(make_event(start=now + timedelta(seconds=20), label="car"))
    assert [(row.title, row.count, row.revision) for row in rows] == [("Drive: person, car (2 events)", 2, 2)]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.wanted) == (Delivery.State.WAITING, 2)
    assert len(told(make_event(start=now + timedelta(seconds=60)))) == 2


def test_cameras_group_apart_unless_the_site_does(webhook: Channel, garden: Camera) -> None:
    """Grouped by camera, two cameras are two notifications; by site, one that names both."""
    rule = make_rule(webhook, group_s=30)
    now = timezone.now()
    assert len(told(make_event(start=now), make_event("garden", start=now))) == 2
    service.change_rule(rule, {"group_by": "site"})
    later = now + timedelta(minutes=5)
    rows = told(make_event(start=later), make_event("garden", start=later))
    assert rows[-1].title == "Drive, Garden: person (2 events)"


def test_after_a_notification_there_is_silence(webhook: Channel, garden: Camera) -> None:
    """Within the cool-down a camera adds to the count only; another camera, and the first later, are told."""
    make_rule(webhook, cooldown_s=60)
    now = timezone.now()
    told(make_event(start=now))
    rows = told(make_event(start=now + timedelta(seconds=30)))
    assert [row.held_back for row in rows] == [1]
    assert len(told(make_event("garden", start=now + timedelta(seconds=30)))) == 2
    assert len(told(make_event(start=now + timedelta(seconds=61)))) == 3


def test_a_snooze_holds_and_says_so(webhook: Channel, garden: Camera) -> None:
    """A snoozed camera is written down with the reason and told to nobody; another camera is told."""
    rule = make_rule(webhook)
    snooze(rule.site_id, timezone.now() + timedelta(hours=1), rule=rule, camera="drive", who="ada")
    rows = told(make_event(), make_event("garden"))
    assert [bool(row.held) for row in rows] == [True, False]
    assert "Snoozed by ada until" in rows[0].held
    assert Delivery.objects.get().notification == rows[1]


def test_quiet_hours_leave_out_what_is_not_urgent(webhook: Channel) -> None:
    """A channel that is quiet gets only urgent notifications; the others say why they were left out."""
    service.change_channel(webhook, {"quiet": [{"days": list(range(7)), "start": "00:00", "end": "00:00"}]})
    rule = make_rule(webhook)
    told(make_event())
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == ("skipped", "Quiet hours")
    service.change_rule(rule, {"urgent": True})
    told(make_event())
    assert Delivery.objects.filter(state="waiting").count() == 1


def test_a_picture_that_comes_later_is_added(webhook: Channel, snapshot: str) -> None:
    """A notification told without a picture is told again with it, to channels that can replace."""
    make_rule(webhook)
    event = make_event()
    told(event)
    Delivery.objects.update(state=Delivery.State.SENT, revision=1)
    (row,) = told(renew(event, snapshot=snapshot))
    assert (row.picture, row.revision) == (snapshot, 2)
    assert Delivery.objects.get().state == Delivery.State.WAITING


def test_trouble_with_the_system_is_told_and_told_to_be_over(webhook: Channel) -> None:
    """An incident leads to rules about the system, once when it begins and once when it is over."""
    make_rule(webhook, about="system", severity="moderate")
    make_rule(webhook, about="events")
    fields = {"about": "system", "camera": "drive", "begun": timezone.now(), "moment": timezone.now()}
    opened = Occurrence(
        subject="incident:1:1:opened", severity="high", message="Drive gives no picture.", **fields
    )
    closed = Occurrence(
        subject="incident:1:1:closed", severity="high", message="Drive gives no picture.", **fields
    )
    for what in (opened, opened, closed):
        tell([what])
    titles = list(Notification.objects.order_by("created").values_list("title", flat=True))
    assert titles == ["Drive gives no picture.", "Well again: Drive gives no picture."]
    tell([Occurrence(subject="incident:2:1:opened", severity="low", message="Small.", **fields)])
    assert Notification.objects.count() == 2
    Camera.objects.filter(pk="drive").update(enabled=False)
    again = Occurrence(
        subject="incident:3:1:closed", severity="high", message="Drive gives no picture.", **fields
    )
    tell([again])
    newest = Notification.objects.order_by("-created")[0]
    assert newest.title == "Not watched any more: Drive gives no picture."


def test_a_removed_rule_leaves_its_history(webhook: Channel) -> None:
    """Notifications stay; what says that the rule dealt with a subject goes with it."""
    rule = make_rule(webhook, name="Gone soon")
    told(make_event())
    rule.delete()
    assert Notification.objects.get().rule_name == "Gone soon"
    assert not Told.objects.exists()


def test_another_site_is_another_world(webhook: Channel) -> None:
    """A rule is about the cameras of its own site."""
    other = Site.objects.create(slug="other", name="Other")
    rule = make_rule()
    rule.site = other
    rule.save()
    assert told(make_event()) == []
