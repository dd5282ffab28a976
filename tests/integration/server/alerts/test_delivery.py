"""Deliveries: threads of their own, retries, and nothing lost or told twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.integration.server.alerts.conftest import make_channel, make_event, make_rule
from tests.support.processes import PATIENCE_S, wait_until
from tests.support.receivers import Browser, Receiver
from vedette.server.accounts.models import Role, User
from vedette.server.alerts import delivery as module
from vedette.server.alerts.channels.base import SendError, Sent
from vedette.server.alerts.delivery import PAUSES_S, claim, record, take_up_again
from vedette.server.alerts.engine import Alerts
from vedette.server.alerts.feed import cursor_position
from vedette.server.alerts.health import channels_that_fail
from vedette.server.alerts.jobs import bound_backlog, trim_notifications
from vedette.server.alerts.matching import occurrence_of
from vedette.server.alerts.models import Channel, Cursor, Delivery, Notification
from vedette.server.alerts.service import change_rule, connect_browser
from vedette.server.alerts.telling import tell
from vedette.server.cameras.models import Camera
from vedette.server.nodes.incidents import open_incident
from vedette.server.runtime import runtime
from vedette.testing.ports import free_port

State = Delivery.State


def waiting(channel: Channel) -> Delivery:
    """A delivery that is due."""
    make_rule(channel)
    tell([occurrence_of(make_event())])
    return Delivery.objects.get(channel=channel)


def claimed(channel: Channel) -> Delivery:
    """The same, marked."""
    found = claim(channel.pk, timezone.now())
    assert found is not None
    return found


def test_only_one_gets_a_delivery(webhook: Channel) -> None:
    """What is marked is nobody else's until the lease is over."""
    waiting(webhook)
    claimed(webhook)
    assert claim(webhook.pk, timezone.now()) is None
    assert claim(webhook.pk, timezone.now() + module.LEASE + timedelta(seconds=1)) is not None


def test_a_killed_server_takes_up_its_own(webhook: Channel) -> None:
    """What this server was sending is due at its next start; what another is sending is not."""
    waiting(webhook)
    claimed(webhook)
    assert take_up_again() == 1
    claimed(webhook)
    Delivery.objects.update(claimed_by="another")
    assert take_up_again() == 0


def test_pauses_grow_and_end(webhook: Channel) -> None:
    """Each failed try waits longer; the last gives up and says why and after how many."""
    waiting(webhook)
    now = timezone.now()
    pauses = []
    for _ in PAUSES_S:
        row = claim(webhook.pk, now)
        assert row is not None
        record(row, SendError("It answered 500"), now)
        row.refresh_from_db()
        pauses.append((row.due - now).total_seconds())
        now = row.due
    assert pauses == sorted(pauses) == list(PAUSES_S)
    row = claim(webhook.pk, now)
    assert row is not None
    record(row, SendError("It answered 500"), now)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "It answered 500 Given up after 10 tries.")


def test_what_will_not_mend_is_given_up_at_once(webhook: Channel) -> None:
    """A refusal that lasts is not repeated, one that asks for a pause gets it."""
    waiting(webhook)
    row, now = claimed(webhook), timezone.now()
    record(row, SendError("Slow down", retry_after_s=99), now)
    row.refresh_from_db()
    assert row.due == now + timedelta(seconds=99)
    row = claim(webhook.pk, row.due)
    assert row is not None
    record(row, SendError("Forbidden", permanent=True), now)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.FAILED, "Forbidden")


def test_what_was_added_meanwhile_is_sent_next(webhook: Channel) -> None:
    """A notification that grew while it was sent is due again."""
    waiting(webhook)
    row = claimed(webhook)
    Delivery.objects.update(wanted=2)
    record(row, Sent("ok", "h"), timezone.now())
    row.refresh_from_db()
    assert (row.state, row.revision, row.handle) == (State.WAITING, 1, "h")


def test_a_backlog_is_bounded(webhook: Channel) -> None:
    """Beyond a number, the oldest that wait are given up, with the reason."""
    make_rule(webhook)
    tell([occurrence_of(make_event()) for _ in range(5)])
    assert bound_backlog(webhook.pk, most=3) == 2
    assert Delivery.objects.filter(state=State.FAILED, reason__startswith="Too many").count() == 2


def test_old_notifications_go(webhook: Channel) -> None:
    """After sixty days, with their deliveries."""
    waiting(webhook)
    assert trim_notifications() == "Nothing was old enough."
    Notification.objects.update(created=timezone.now() - timedelta(days=61))
    assert trim_notifications() == "Removed 1 notifications."
    assert not Delivery.objects.exists()


def test_a_channel_that_fails_is_found_by_the_monitor(webhook: Channel) -> None:
    """With its reason, until it works again."""
    assert list(channels_that_fail(runtime)) == []
    Channel.objects.update(failing_since=timezone.now(), last_error="It answered 500")
    assert [found.message for found in channels_that_fail(runtime)] == [
        "Hook does not deliver: It answered 500"
    ]


# With threads: the database is really committed.


@pytest.fixture
def engine(transactional_db: None) -> Iterator[Alerts]:
    """The threads of a server."""
    alerts = Alerts(Counter())
    alerts.start()
    runtime.alerting = alerts
    wait_until(Cursor.objects.exists)
    yield alerts
    runtime.alerting = None
    alerts.close()


def states(channel: Channel) -> list[str]:
    """The deliveries of a channel."""
    return list(Delivery.objects.filter(channel=channel).values_list("state", flat=True))


def test_an_event_arrives(engine: Alerts, webhook: Channel, hook: Receiver) -> None:
    """From the stored event to the receiver, once, with the ids that are in the database."""
    make_rule(webhook)
    event = make_event()
    wait_until(lambda: states(webhook) == [State.SENT])
    (got,) = hook.requests
    delivery = Delivery.objects.get()
    assert (got.json()["delivery"], got.json()["events"]) == (str(delivery.pk), [str(event.id)])
    wait_until(lambda: Channel.objects.filter(last_answer="200 ok").exists())


def test_what_was_there_before_is_no_news(transactional_db: None) -> None:
    """The first start begins at the newest event."""
    make_event("nowhere")
    newest = make_event("nowhere")
    assert cursor_position() == newest.sequence


def test_a_channel_that_hangs_holds_no_other(engine: Alerts, drive: Camera, hook: Receiver) -> None:
    """While one receiver does not answer, another gets all that happens."""
    with Receiver() as stuck:
        stuck.hold.set()
        slow = make_channel("webhook", "Slow", url=stuck.url())
        quick = make_channel("webhook", "Quick", url=hook.url())
        make_rule(slow, quick)
        for _ in range(3):
            make_event()
        assert stuck.arrived.wait(PATIENCE_S)
        wait_until(lambda: states(quick) == [State.SENT] * 3)
        assert State.SENT not in states(slow)
        stuck.hold.clear()
        wait_until(lambda: states(slow) == [State.SENT] * 3)


def test_trouble_passes(
    engine: Alerts, webhook: Channel, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After failures the same delivery is taken, with the same id; the channel is well again."""
    monkeypatch.setattr(module, "PAUSES_S", (0.05,) * 9)
    hook.answers = lambda _: (503 if len(hook.requests) < 3 else 200, {}, b"")
    make_rule(webhook)
    make_event()
    wait_until(lambda: states(webhook) == [State.SENT])
    assert len({got.json()["delivery"] for got in hook.requests}) == 1
    assert len(hook.requests) == 3
    wait_until(lambda: Channel.objects.filter(failing_since=None).exists())


def test_a_group_is_told_again_as_the_same(
    engine: Alerts, webhook: Channel, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second event is an update: the same ids, a higher revision."""
    monkeypatch.setattr(module, "BETWEEN_UPDATES", timedelta())
    make_rule(webhook, group_s=60)
    make_event()
    wait_until(lambda: len(hook.requests) == 1)
    make_event()
    wait_until(lambda: len(hook.requests) == 2)
    first, again = [got.json() for got in hook.requests]
    assert (first["id"], first["delivery"]) == (again["id"], again["delivery"])
    assert (first["revision"], again["revision"], again["count"]) == (1, 2, 2)


def test_trouble_with_the_system_arrives(engine: Alerts, webhook: Channel, hook: Receiver) -> None:
    """An incident of the monitor is told like an event."""
    make_rule(webhook, about="system")
    open_incident("camera", "drive", "Drive gives no picture.", camera="drive", severity="high")
    wait_until(lambda: len(hook.requests) == 1)
    assert hook.requests[0].json()["title"] == "Drive gives no picture."


def test_browsers_are_told_what_their_people_may_see(engine: Alerts, drive: Camera, settings: Any) -> None:
    """A browser of somebody who may not see the camera is left out, with the reason."""
    ada = User.objects.create_user("ada", None, Role.VIEWER)
    bo = User.objects.create_user("bo", None, Role.VIEWER)
    with Receiver() as service:
        settings.VEDETTE = settings.VEDETTE.model_copy(update={"push_services": (service.origin,)})
        browsers = [Browser(service.url(f"/{user.username}")) for user in (ada, bo)]
        channels = [
            connect_browser(user, browser.subscription(), user.username, "")
            for user, browser in zip((ada, bo), browsers, strict=True)
        ]
        User.objects.filter(pk=bo.pk).update(is_active=False)
        change_rule(make_rule(), {"browsers": True})
        make_event()
        wait_until(lambda: [states(channel) for channel in channels] == [[State.SENT], [State.SKIPPED]])
        assert [got.path for got in service.requests] == ["/ada"]
    assert "cannot log in" in Delivery.objects.get(channel=channels[1]).reason


def test_a_browser_that_is_gone_is_switched_off(engine: Alerts, drive: Camera, settings: Any) -> None:
    """And what waited for it is given up."""
    ada = User.objects.create_user("ada", None, Role.ADMINISTRATOR)
    with Receiver() as service:
        service.answers = lambda _: (410, {}, b"")
        settings.VEDETTE = settings.VEDETTE.model_copy(update={"push_services": (service.origin,)})
        channel = connect_browser(ada, Browser(service.url()).subscription(), "Phone", "")
        make_rule(channel)
        make_event()
        wait_until(lambda: states(channel) == [State.FAILED])
    channel.refresh_from_db()
    assert not channel.enabled


def test_a_receiver_that_is_not_there(engine: Alerts, drive: Camera) -> None:
    """The reason says so, and the delivery waits for the next try."""
    channel = make_channel("webhook", url=f"http://127.0.0.1:{free_port()}/")
    make_rule(channel)
    make_event()
    wait_until(
        lambda: Delivery.objects.filter(reason__startswith="No connection", state=State.WAITING).exists()
    )
    assert states(channel) == [State.WAITING]
