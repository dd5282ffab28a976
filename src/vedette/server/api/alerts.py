"""Alert rules, channels, snoozes, and what was told."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Status
from ninja.params.functions import Query

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import User
from vedette.server.accounts.policy import Permission, Principal, allowed, visible, visible_cameras
from vedette.server.alerts import service, snoozing
from vedette.server.alerts.channels.push import application_key
from vedette.server.alerts.matching import with_values
from vedette.server.alerts.models import Absence, ArmingSchedule, Channel, Notification, Rule, Snooze
from vedette.server.alerts.trial import Trial, try_rule
from vedette.server.api import alert_schemas as schemas
from vedette.server.api.access import ADMINISTER, VIEW, principal
from vedette.server.api.arming import OPERATE, find, sees_all_of
from vedette.server.api.paging import make_cursor, read_cursor
from vedette.server.api.schemas import Error
from vedette.server.events.models import Event

router = Router(tags=["alerts"])
_SHOWN = 50
Row = TypeVar("Row", Rule, Notification, ArmingSchedule, Absence)


def concerning(asks: Principal, rows: Iterable[Row]) -> list[Row]:
    """The rows whose cameras they may all see; rows of no camera are of all."""
    if asks.cameras is None or allowed(asks, Permission.ADMINISTER):
        return list(rows)
    seen = set(visible_cameras(asks).values_list("pk", flat=True))
    return [row for row in rows if seen.issuperset(row.cameras)]


def visible_notifications(asks: Principal) -> QuerySet[Notification]:
    """What was told about cameras that they may see, newest first."""
    rows = Notification.objects.filter(site=asks.site_id).prefetch_related("deliveries__channel")
    if asks.cameras is None or allowed(asks, Permission.ADMINISTER):
        return rows
    return rows.filter(Q(camera="") | Q(camera__in=visible_cameras(asks).values("pk")))


def notifications_page(
    asks: Principal, before: str | None, limit: int
) -> tuple[list[Notification], str | None]:
    """One page, and the cursor of the next.

    Raises:
        ConfigurationError: the cursor is none of ours.
    """
    rows = visible_notifications(asks).order_by("-created", "-id")
    if before:
        created, row_id = read_cursor(before)
        rows = rows.filter(created__lte=created).filter(Q(created__lt=created) | Q(id__lt=row_id))
    found = list(rows[: limit + 1])
    following = make_cursor(found[limit - 1].created, found[limit - 1].pk) if len(found) > limit else None
    return concerning(asks, found[:limit]), following


@router.get("/notifications", auth=VIEW, response=schemas.NotificationPage)
def list_notifications(
    request: HttpRequest, before: str | None = None, limit: int = Query(50, ge=1, le=200)
) -> Any:
    """What was told, newest first, with every delivery and why one was not made."""
    items, following = notifications_page(principal(request), before, limit)
    return {"items": items, "next": following}


@router.get(
    "/notifications/{notification_id}", auth=VIEW, response={200: schemas.NotificationOut, 404: Error}
)
def get_notification(request: HttpRequest, notification_id: UUID) -> Any:
    """One of them."""
    row = visible_notifications(principal(request)).filter(pk=notification_id).first()
    if row is None:
        raise Http404("There is no such notification.")
    return row


@router.get("/rules", auth=VIEW, response=list[schemas.RuleOut])
def list_rules(request: HttpRequest) -> Any:
    """All rules of the site."""
    return visible_rules(principal(request))


def visible_rules(asks: Principal) -> list[Rule]:
    """The rules about cameras that they may see."""
    return concerning(asks, Rule.objects.filter(site=asks.site_id).prefetch_related("channels"))


def find_rule(request: HttpRequest, rule_id: int) -> Rule:
    """A rule about cameras that the one who asks may see.

    Raises:
        Http404: there is none.
    """
    row: Rule = find(request, Rule, rule_id)
    found = concerning(principal(request), [row])
    if not found:
        raise Http404("There is no such rule.")
    return found[0]


@router.post("/rules", auth=ADMINISTER, response={201: schemas.RuleOut, 422: Error})
def add_rule(request: HttpRequest, payload: schemas.RuleIn) -> Any:
    """Add a rule."""
    return Status(201, change_rule(request, Rule(site_id=principal(request).site_id), payload.values()))


@router.post("/rules/try", auth=ADMINISTER, response={200: schemas.TrialOut, 422: Error})
def try_new_rule(request: HttpRequest, payload: schemas.RuleIn) -> Any:
    """What a rule that is not stored would have told of the last day."""
    rule = with_values(Rule(site_id=principal(request).site_id), _plain(payload.values()))
    return trial_out(run_trial(request, rule))


@router.get("/rules/{rule_id}", auth=VIEW, response={200: schemas.RuleOut, 404: Error})
def get_rule(request: HttpRequest, rule_id: int) -> Any:
    """One rule."""
    return find_rule(request, rule_id)


@router.patch("/rules/{rule_id}", auth=ADMINISTER, response={200: schemas.RuleOut, 404: Error, 422: Error})
def patch_rule(request: HttpRequest, rule_id: int, payload: schemas.RuleIn) -> Any:
    """Change fields; it counts for what happens from now on."""
    return change_rule(request, find(request, Rule, rule_id), payload.values())


@router.delete("/rules/{rule_id}", auth=ADMINISTER, response={204: None, 404: Error})
def remove_rule(request: HttpRequest, rule_id: int) -> Any:
    """Remove a rule; what it has told stays in the history."""
    row = find(request, Rule, rule_id)
    row.delete()
    audit(request, "rule.removed", subject=rule_id)
    return Status(204, None)


@router.post("/rules/{rule_id}/try", auth=VIEW, response={200: schemas.TrialOut, 404: Error})
def try_stored_rule(request: HttpRequest, rule_id: int) -> Any:
    """What the rule would have told of the last day."""
    return trial_out(run_trial(request, find_rule(request, rule_id)))


def change_rule(request: HttpRequest, rule: Rule, values: dict[str, Any]) -> Rule:
    """Take over, store and note."""
    added = rule.pk is None
    service.change_rule(rule, values)
    audit(
        request, "rule.added" if added else "rule.changed", subject=rule.pk, detail={"fields": sorted(values)}
    )
    return rule


def run_trial(request: HttpRequest, rule: Rule) -> Trial:
    """Try a rule on the events that the one who asks may see."""
    return try_rule(rule, visible(principal(request), Event.objects.all()))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "channels"}


def trial_out(found: Trial) -> dict[str, Any]:
    """A trial as JSON."""
    shown = {"matched": len(found.events), "notifications": found.notifications, "complete": found.complete}
    return shown | {"events": list(found.events[:_SHOWN])}


@router.get("/push", auth=VIEW, response=schemas.PushKeyOut)
def push_key(request: HttpRequest) -> Any:  # noqa: ARG001
    """The key that a browser needs to subscribe."""
    return {"key": application_key()}


@router.post("/push", auth=VIEW, response={201: schemas.ChannelOut, 422: Error})
def connect_browser(request: HttpRequest, payload: schemas.SubscriptionIn) -> Any:
    """Connect the browser that asks; it is told only about cameras that its user may see."""
    user = _user(request)
    row = service.connect_browser(user, payload.model_dump(), payload.name, payload.browser)
    audit(request, "channel.connected", subject=row.pk, detail={"name": row.name})
    return Status(201, row)


@router.delete("/push", auth=VIEW, response={204: None, 404: Error})
def disconnect_browser(request: HttpRequest, payload: schemas.UnsubscribeIn) -> Any:
    """Disconnect the browser that asks."""
    fingerprint = service.fingerprint_of(payload.endpoint)
    row = Channel.objects.filter(owner=_user(request), fingerprint=fingerprint).first()
    if row is None:
        raise Http404("This browser is not connected.")
    number = row.pk
    row.delete()
    service.changed()
    audit(request, "channel.removed", subject=number)
    return Status(204, None)


def _user(request: HttpRequest) -> User:
    """The user who asks; a token of nobody has no browser.

    Raises:
        ConfigurationError: a token asks that is no user's.
    """
    user = User.objects.filter(pk=principal(request).user_id or 0).first()
    if user is None:
        raise ConfigurationError("Only somebody who is logged in has a browser to connect.")
    return user


@router.get("/snoozes", auth=VIEW, response=list[schemas.SnoozeOut])
def list_snoozes(request: HttpRequest) -> Any:
    """What is snoozed now."""
    return visible_snoozes(principal(request))


def visible_snoozes(asks: Principal) -> list[Snooze]:
    """What is snoozed now, of cameras that they may see."""
    seen = ["", *visible_cameras(asks).values_list("pk", flat=True)]
    rows = Snooze.objects.filter(site=asks.site_id, until__gt=timezone.now(), camera__in=seen)
    return list(rows.select_related("rule"))


@router.post("/snoozes", auth=OPERATE, response={201: schemas.SnoozeOut, 404: Error, 422: Error})
def add_snooze(request: HttpRequest, payload: schemas.SnoozeIn) -> Any:
    """No notifications until a time."""
    asks = principal(request)
    if payload.camera and not visible_cameras(asks).filter(pk=payload.camera).exists():
        raise Http404("There is no such camera.")
    rule = find_rule(request, payload.rule) if payload.rule is not None else None
    if not payload.camera and not sees_all_of(asks, rule.cameras if rule else []):
        raise ConfigurationError("camera: choose one of those that you may see.")
    row = snoozing.snooze(asks.site_id, payload.until, rule=rule, camera=payload.camera, who=asks.name)
    audit(request, "snooze.added", camera=payload.camera, subject=row.pk, detail={"until": str(row.until)})
    return Status(201, row)


@router.delete("/snoozes/{snooze_id}", auth=OPERATE, response={204: None, 404: Error})
def remove_snooze(request: HttpRequest, snooze_id: int) -> Any:
    """Be told again."""
    find(request, Snooze, snooze_id).delete()
    audit(request, "snooze.removed", subject=snooze_id)
    return Status(204, None)
