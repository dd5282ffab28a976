"""Share links: everybody sees and withdraws their own, administrators those of the site."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from vedette.server.accounts import shares
from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import Share
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal

router = Router(tags=["access"])


class ShareOut(Schema):
    """A link, without its secret part."""

    id: UUID
    kind: str
    subject: str
    made_by: str
    state: str
    created: schemas.Time
    expires: schemas.Time
    withdrawn: schemas.Time | None
    opened: int
    last_opened: schemas.Time | None


def find_share(request: HttpRequest, share_id: UUID) -> Share:
    """One that they may see.

    Raises:
        Http404: there is none, or not for them.
    """
    row = shares.visible(principal(request)).filter(pk=share_id).first()
    if row is None:
        raise Http404("There is no such link.")
    return row


@router.get("", auth=VIEW, response=list[ShareOut])
def list_shares(request: HttpRequest) -> Any:
    """Your own links; as an administrator, all of the site. `state` is open, expired or withdrawn."""
    return list(shares.visible(principal(request))[:1000])


@router.delete("/{uuid:share_id}", auth=VIEW, response={204: None, 404: schemas.Error})
def withdraw_share(request: HttpRequest, share_id: UUID) -> Any:
    """Withdraw a link: it opens nothing any more."""
    row = find_share(request, share_id)
    shares.withdraw(row)
    audit(request, "share.withdrawn", subject=row.subject, detail={"kind": row.kind})
    return Status(204, None)
