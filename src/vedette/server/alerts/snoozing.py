"""Being left alone for a while."""

from datetime import datetime, timedelta

from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.alerts.models import Rule, Snooze

LONGEST = timedelta(days=30)


def snooze(
    site_id: int, until: datetime, *, rule: Rule | None = None, camera: str = "", who: str = ""
) -> Snooze:
    """Tell nothing of a rule (or all) on a camera (or all) until a time; the newest word counts.

    Raises:
        ConfigurationError: the time is over, or too far away.
    """
    if not timedelta() < until - timezone.now() <= LONGEST:
        raise ConfigurationError(f"until: choose a time within the next {LONGEST.days} days.")
    Snooze.objects.filter(site=site_id, rule=rule, camera=camera).delete()
    return Snooze.objects.create(site_id=site_id, rule=rule, camera=camera, until=until, who=who[:120])
