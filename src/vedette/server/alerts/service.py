"""Adding, changing and removing channels, rules, schedules and snoozes; pages and REST end here."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models, transaction
from pydantic import ValidationError as Invalid

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import User
from vedette.server.alerts import limits, vaulted
from vedette.server.alerts.channels import kind_of
from vedette.server.alerts.channels.base import Config, Sender, SendError
from vedette.server.alerts.models import AlertSite, Channel, Rule
from vedette.server.cameras.models import Camera
from vedette.server.runtime import runtime

Row = TypeVar("Row", bound=models.Model)

RULE_FIELDS = (
    "name", "enabled", "about", "cameras", "zones", "labels", "kind", "min_score", "person", "armed", "hours",
    "severity", "cooldown_s", "group_s", "group_by", "picture", "urgent", "browsers",
)  # fmt: skip


def store(row: Row) -> Row:
    """Check every bound and save.

    Raises:
        ConfigurationError: naming each field that is wrong.
    """
    try:
        row.full_clean()
    except ValidationError as error:
        problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        text = "; ".join(f"{field}: {' '.join(messages)}" for field, messages in problems.items())
        raise ConfigurationError(text.replace("__all__: ", "")) from None
    row.save()
    transaction.on_commit(changed)
    return row


def changed() -> None:
    """Have channels and schedules looked at, at once; nothing where no alerts run (commands, tests)."""
    if runtime.alerting is not None:
        runtime.alerting.changed()


@transaction.atomic
def change_rule(rule: Rule, values: Mapping[str, Any]) -> Rule:
    """Set fields of a rule, and `channels` by their ids, and save.

    Raises:
        ConfigurationError: a value cannot be used; nothing is stored then.
    """
    fields = dict(values)
    chosen = fields.pop("channels", None)
    if rule.pk is None and Rule.objects.filter(site=rule.site_id).count() >= limits.MAX_RULES:
        raise ConfigurationError(f"A site has at most {limits.MAX_RULES} rules.")
    for name in fields.keys() & set(RULE_FIELDS):
        setattr(rule, name, fields[name])
    check_cameras(rule.site_id, rule.cameras)
    store(rule)
    if chosen is not None:
        rule.channels.set(_channels(rule.site_id, chosen))
    return rule


def _channels(site_id: int, ids: Iterable[int]) -> list[Channel]:
    wanted = set(ids)
    found = list(Channel.objects.filter(site=site_id, pk__in=wanted))
    if len(found) != len(wanted):
        raise ConfigurationError("channels: one of them does not exist (any more).")
    return found


def check_cameras(site_id: int, cameras: object) -> None:
    """Cameras of this site.

    Raises:
        ConfigurationError: one is not.
    """
    wanted = set(cameras) if isinstance(cameras, list) else set()
    known = set(Camera.objects.filter(site=site_id, pk__in=wanted).values_list("pk", flat=True))
    if missing := wanted - known:
        raise ConfigurationError(f"cameras: there is no camera {min(map(str, missing))[:64]!r}.")


@transaction.atomic
def change_channel(channel: Channel, values: Mapping[str, Any]) -> Channel:
    """Set name, switch, quiet hours and `config` of a channel and save.

    Secrets that are left out, or None, keep what is stored; empty ones are removed.

    Raises:
        ConfigurationError: a value cannot be used; nothing is stored then.
    """
    if channel.pk is None and Channel.objects.filter(site=channel.site_id).count() >= limits.MAX_CHANNELS:
        raise ConfigurationError(f"A site has at most {limits.MAX_CHANNELS} channels.")
    for name in ("name", "enabled", "quiet"):
        setattr(channel, name, values.get(name, getattr(channel, name)))
    if "config" in values or channel.pk is None:
        set_config(channel, values.get("config") or {})
    return store(channel)


def set_config(channel: Channel, given: Mapping[str, Any]) -> None:
    """Take over settings and secrets of its kind; the caller saves."""
    kind = kind_of(channel.kind)
    kept = dict(channel.config) | vaulted.secrets_of(channel)
    wanted = kept | {name: value for name, value in given.items() if value is not None}
    config = read_config(kind.config, wanted)
    channel.config = config.shown()
    vaulted.keep(channel, config.secrets())
    channel.failing_since, channel.last_error = None, ""


def read_config(model: type[Config], values: Mapping[str, Any]) -> Config:
    """The settings of a kind.

    Raises:
        ConfigurationError: naming each that is wrong, and repeating no value.
    """
    try:
        return model(**values)
    except Invalid as error:
        words = [_problem(problem) for problem in error.errors(include_input=False, include_url=False)[:10]]
        raise ConfigurationError("; ".join(words)) from None


def _problem(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    words = "is needed" if problem["type"] == "missing" else str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {words}"


def sender_of(channel: Channel) -> Sender:
    """What sends to a channel as it is set.

    Raises:
        SendError: its settings cannot be used (any more).
    """
    kind = kind_of(channel.kind)
    try:
        return kind.make(read_config(kind.config, dict(channel.config) | vaulted.secrets_of(channel)))
    except ConfigurationError as error:
        raise SendError(f"The settings cannot be used: {error.args[0]}", permanent=True) from None


def redacted(error: SendError, channel: Channel) -> SendError:
    """The error without any secret of the channel in its words."""
    reason = str(error.args[0])
    for secret in vaulted.secrets_of(channel, quietly=True).values():
        for part in (secret, _behind_host(secret)):
            reason = reason.replace(part, "***") if len(part) > 3 else reason
    return SendError(reason, permanent=error.permanent, gone=error.gone, retry_after_s=error.retry_after_s)


def _behind_host(secret: str) -> str:
    """Of an address what comes after the host: the other side may repeat just that."""
    parts = urlsplit(secret) if "://" in secret else None
    return parts._replace(scheme="", netloc="").geturl() if parts else ""


@transaction.atomic
def connect_browser(user: User, subscription: Mapping[str, Any], name: str, browser: str) -> Channel:
    """A channel to a browser of a user; the same browser again is the same channel.

    Raises:
        ConfigurationError: this is no subscription of a browser, or not of a known push service.
    """
    keys = subscription.get("keys") or {}
    config = {
        "endpoint": subscription.get("endpoint"),
        "key": keys.get("p256dh"),
        "authentication": keys.get("auth"),
        "browser": browser,
    }
    fingerprint = fingerprint_of(str(config["endpoint"]))
    known = Channel.objects.filter(site=user.site_id, fingerprint=fingerprint).first()
    channel = known or Channel(site=user.site, kind="push", fingerprint=fingerprint)
    channel.owner, channel.enabled = user, True
    return change_channel(channel, {"name": name, "config": config})


def fingerprint_of(endpoint: str) -> str:
    """What tells browsers apart without storing their addresses in the clear."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def set_time_zone(site_id: int, name: str) -> AlertSite:
    """Say in which time zone a site is.

    Raises:
        ConfigurationError: there is no such zone.
    """
    row = AlertSite.objects.filter(pk=site_id).first() or AlertSite(site_id=site_id)
    row.time_zone = name
    return store(row)


def ensure_time_zone(site_id: int, name: str) -> None:
    """Take the zone of whoever plans something first, when nobody has said another."""
    row = AlertSite.objects.get_or_create(site_id=site_id)[0]
    if not row.time_zone and name:
        set_time_zone(site_id, name)
