"""Periodic work of monitoring."""

import httpx
from django.conf import settings
from django.utils import timezone

from vedette.domain.errors import VedetteError
from vedette.server.jobs.registry import job
from vedette.server.runtime import runtime

HEARTBEAT_S = 60.0
PATIENCE_S = 10.0


@job("history", every_s=60, title="Write down what was measured")
def history() -> str:
    """Samples of the last minute."""
    if runtime.monitor is None:
        return "Nothing is measured here."
    written = runtime.monitor.history.flush(timezone.now())
    return f"{written} row{'' if written == 1 else 's'} written."


@job("heartbeat", every_s=HEARTBEAT_S, title="Tell the health-check service that monitoring works")
def heartbeat() -> str:
    """Ask the address of the health-check service, as long as monitoring goes round.

    Raises:
        VedetteError: monitoring stands still, or the service did not take it.
    """
    if not (url := settings.VEDETTE.reveal("heartbeat_url")):
        return "No health-check service is set (heartbeat_url)."
    try:
        _beat(url)
    except VedetteError:
        runtime.counters["heartbeats_failed"] += 1
        raise
    runtime.counters["heartbeats_sent"] += 1
    return "The health-check service has taken it."


def _beat(url: str) -> None:
    if runtime.monitor is None or not runtime.monitor.fresh:
        raise VedetteError("Monitoring stands still, so no heartbeat was sent.")
    try:
        status = httpx.get(url, timeout=PATIENCE_S, follow_redirects=True).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The address is a secret, and some errors have it in them.
        raise VedetteError(f"The health-check service does not answer ({type(error).__name__}).") from None
    if status >= 400:
        raise VedetteError(f"The health-check service answers {status}.")
