"""What people say of events: given, taken back, exported."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from ninja.params.functions import Query
from pydantic import Field

from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, visible
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, Needs, principal
from vedette.server.api.events import find_event
from vedette.server.events.feedback import export, give_feedback, take_back
from vedette.server.events.models import Feedback

router = Router(tags=["events"])

OPERATE = Needs(Permission.OPERATE)
JSON_LINES = "application/x-ndjson"
_LINES = {200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}, "description": "JSON lines"}}


class FeedbackIn(schemas.Closed):
    """A verdict: the model was `right`, `wrong` (nothing is there), or it is something `other`: `label`."""

    verdict: Literal["right", "wrong", "other"]
    label: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")] = ""


@router.get("/feedback", auth=VIEW, openapi_extra={"responses": _LINES})
def export_feedback(
    request: HttpRequest,
    since: schemas.InTime | None = None,
    model: str | None = None,
    limit: int = Query(10_000, ge=1, le=100_000),
) -> Any:
    """Feedback as JSON lines, in the order in which it was given; go on with the last `at` as `since`."""
    rows = visible(principal(request), Feedback.objects.order_by("at", "pk"))
    if since is not None:
        rows = rows.filter(at__gte=since)
    if model is not None:
        rows = rows.filter(model=model)
    audit(request, "feedback.exported")
    lines = "".join(f"{json.dumps(line)}\n" for line in export(rows[:limit]))
    return HttpResponse(lines, content_type=JSON_LINES)


@router.put("/{event_id}/feedback", auth=OPERATE, response=schemas.FeedbackOut)
def put_feedback(request: HttpRequest, event_id: UUID, payload: FeedbackIn) -> Any:
    """Say whether an event is what the model took it for; an earlier verdict is replaced."""
    event = find_event(request, event_id)
    said = give_feedback(event, payload.verdict, payload.label.strip(), principal(request).name)
    detail = {"verdict": said.verdict, "label": said.label}
    audit(request, "feedback.given", camera=event.camera, subject=event.id, detail=detail)
    return said


@router.delete("/{event_id}/feedback", auth=OPERATE, response={204: None})
def delete_feedback(request: HttpRequest, event_id: UUID) -> Any:
    """Take the verdict back."""
    event = find_event(request, event_id)
    if take_back(event):
        audit(request, "feedback.withdrawn", camera=event.camera, subject=event.id)
    return Status(204, None)
