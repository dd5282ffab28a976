"""What rules are applied to: everything that is read once for a batch of occurrences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from vedette.server.alerts.arming import states
from vedette.server.alerts.matching import Armed, Occurrence
from vedette.server.alerts.models import Channel, Rule, Snooze, Told
from vedette.server.alerts.plans import site_zone
from vedette.server.cameras.models import Camera

BROWSER = "push"
"""The kind of channel that is a browser of a person."""


@dataclass(slots=True)
class Situation:
    """Rules by site, and what they ask about."""

    now: datetime
    rules: list[Rule]
    cameras: dict[str, Camera]
    armed: dict[str, Armed]
    zones: dict[int, ZoneInfo]
    snoozes: list[Snooze]
    browsers: dict[int, list[Channel]] = field(default_factory=dict)
    told: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def of(cls, occurrences: Sequence[Occurrence], now: datetime) -> "Situation":
        """As it is now, for these occurrences."""
        rules = list(Rule.objects.filter(enabled=True).prefetch_related("channels"))
        ids = {what.camera for what in occurrences if what.camera}
        cameras = Camera.objects.in_bulk(ids) if rules else {}
        sites = {rule.site_id for rule in rules}
        return cls(
            now=now,
            rules=rules,
            cameras=cameras,
            armed={row.camera_id: Armed.of(row) for row in states(cameras)},
            zones={site: site_zone(site) for site in sites},
            snoozes=list(Snooze.objects.filter(until__gt=now)),
            browsers=_browsers(rules),
            told=_told(occurrences) if rules else set(),
        )

    def rules_for(self, what: Occurrence) -> Iterable[Rule]:
        """The rules of the site that it happened at; what is nowhere concerns every site."""
        if not what.camera:
            return self.rules
        camera = self.cameras.get(what.camera)
        return [rule for rule in self.rules if camera is not None and rule.site_id == camera.site_id]

    def name(self, camera: str) -> str:
        """A camera's name."""
        known = self.cameras.get(camera)
        return known.name if known else camera

    def watches(self, camera: str) -> bool:
        """Whether a camera is there and switched on; what is of no camera always is."""
        known = self.cameras.get(camera)
        return not camera or (known is not None and known.enabled)

    def snooze(self, rule: Rule, camera: str) -> Snooze | None:
        """The snooze that covers a rule on a camera: the one that lasts longest."""
        covering = [
            snooze
            for snooze in self.snoozes
            if snooze.site_id == rule.site_id
            and snooze.rule_id in {None, rule.pk}
            and snooze.camera in {"", camera}
        ]
        return max(covering, key=lambda snooze: snooze.until, default=None)

    def channels(self, rule: Rule) -> list[Channel]:
        """Where the rule tells: its channels, and the browsers of everybody when it says so."""
        chosen = [channel for channel in rule.channels.all() if channel.enabled]
        more = self.browsers.get(rule.site_id, []) if rule.browsers else []
        return list({channel.pk: channel for channel in [*chosen, *more]}.values())


def _browsers(rules: Sequence[Rule]) -> dict[int, list[Channel]]:
    sites = {rule.site_id for rule in rules if rule.browsers}
    found: dict[int, list[Channel]] = {}
    if sites:
        for channel in Channel.objects.filter(site__in=sites, kind=BROWSER, enabled=True):
            found.setdefault(channel.site_id, []).append(channel)
    return found


def _told(occurrences: Sequence[Occurrence]) -> set[tuple[int, str]]:
    subjects = [what.subject for what in occurrences]
    return set(Told.objects.filter(subject__in=subjects).values_list("rule_id", "subject"))
