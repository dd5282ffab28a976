"""Where people are logged in: everybody ends their own sessions, administrators those of their site."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from vedette.server.accounts import sessions
from vedette.server.accounts.audit import audit
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal

router = Router(tags=["access"])

MOST = 1000


class SessionOut(Schema):
    """A session; `current` is the one that asks."""

    id: int
    username: str
    address: str
    browser: str
    began: schemas.Time
    last_seen: schemas.Time
    current: bool


@router.get("", auth=VIEW, response=list[SessionOut])
def list_sessions(request: HttpRequest) -> Any:
    """Your own sessions; as an administrator, those of all users of the site. The last used come first."""
    rows = [row for row in sessions.visible(principal(request))[:MOST] if row.exists()]
    return [sessions.shown(row, request.session.session_key) for row in rows]


@router.delete("/{int:session_id}", auth=VIEW, response={204: None, 404: schemas.Error})
def end_session(request: HttpRequest, session_id: int) -> Any:
    """End a session: whoever uses it has to log in again."""
    row = sessions.visible(principal(request)).filter(pk=session_id).first()
    if row is None:
        raise Http404("There is no such session.")
    sessions.end([row])
    audit(request, "session.ended", subject=row.user.username)
    return Status(204, None)
