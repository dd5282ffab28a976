"""How channels are: noted with every try, and found by the monitor when one does not deliver (promise P5)."""

from collections.abc import Iterator
from datetime import datetime

from vedette.server.alerts.channels.base import SendError
from vedette.server.alerts.models import Channel, Delivery
from vedette.server.nodes.probes import probe
from vedette.server.nodes.situation import Finding
from vedette.server.runtime import Runtime


def note_success(channel: Channel, answer: str, now: datetime) -> None:
    """A message was taken."""
    Channel.objects.filter(pk=channel.pk).update(last_sent=now, last_answer=answer[:500], failing_since=None)


def note_failure(channel: Channel, error: SendError, now: datetime) -> None:
    """A message was not taken; a browser that is gone is switched off for good."""
    reason = str(error.args[0])[:500]
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(last_error=reason)
    rows.filter(failing_since=None).update(failing_since=now)
    if error.gone:
        rows.update(enabled=False)
        open_ones = channel.deliveries.filter(state__in=(Delivery.State.WAITING, Delivery.State.SENDING))
        open_ones.update(state=Delivery.State.FAILED, reason=reason, finished=now)


def standing(channel: Channel) -> tuple[str, str]:
    """How a channel is, as a word and a tone."""
    if not channel.enabled:
        return "Off", "idle"
    if channel.failing_since is not None:
        return "Failing", "bad"
    return ("Works", "good") if channel.last_sent else ("Not used yet", "idle")


@probe("delivery")
def channels_that_fail(_runtime: Runtime) -> Iterator[Finding]:
    """Every channel that does not deliver."""
    for channel in Channel.objects.filter(enabled=True, failing_since__isnull=False):
        yield Finding("delivery", str(channel.pk), f"{channel.name} does not deliver: {channel.last_error}")
