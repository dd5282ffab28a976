"""Who did what, for the administrators of the site."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query as QueryOf
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field

from vedette.server.accounts import trail
from vedette.server.api import schemas
from vedette.server.api.access import ADMINISTER, principal

router = Router(tags=["access"])


Text = Annotated[str, Field(max_length=200)]


class AuditFilter(Schema):
    """Which entries."""

    who: Text | None = None
    by: Literal["user", "token", "share", "system"] | None = None
    action: Text | None = Field(None, description="A whole one or its noun: `camera.changed`, `camera`.")
    camera: Text | None = None
    subject: Text | None = None
    after: schemas.InTime | None = None
    before: schemas.InTime | None = None


class AuditOut(Schema):
    """One thing that somebody did."""

    id: int
    utc: schemas.Time
    who: str
    by: str
    action: str
    camera: str
    subject: str
    detail: dict[str, Any]
    address: str


class AuditPage(Schema):
    """Newest first; `next` is the cursor of older ones."""

    items: list[AuditOut]
    next: int | None = None


@router.get("", auth=ADMINISTER, response=AuditPage)
def list_audit(
    request: HttpRequest,
    filters: QueryOf[AuditFilter],
    cursor: int | None = Query(None, ge=1),
    limit: int = Query(100, ge=1, le=500),
) -> Any:
    """What was changed, and what was looked at."""
    items, older = trail.page(trail.find(principal(request), filters.model_dump()), cursor, limit)
    return {"items": items, "next": older}


@router.get("/actions", auth=ADMINISTER, response=list[str])
def list_actions(request: HttpRequest) -> Any:
    """The actions that there are entries of."""
    return trail.actions(principal(request))
