"""API tokens: everybody has their own, administrators those of the site."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from vedette.server.accounts import people
from vedette.server.accounts.models import ApiToken
from vedette.server.accounts.policy import Permission, allowed
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.errors import error_response
from vedette.server.api.users import CameraIds, Role

router = Router(tags=["access"])

Scopes = Annotated[list[Literal["view", "operate", "administer"]], Field(max_length=3)]


class TokenIn(schemas.Closed):
    """A new token. One of your own may at most what you may, and ends with you."""

    name: schemas.Name
    role: Role = "viewer"
    scopes: Scopes = Field(default_factory=list, description="Only these of the role; none for all.")
    cameras: CameraIds | None = Field(None, description="Only these; null for all that you see.")
    days: Annotated[float, Field(gt=0, le=3650)] | None = Field(None, description="Null: does not end.")
    own: bool = Field(True, description="Yours; false (administrators only) makes one of the site.")


class TokenOut(Schema):
    """A token, without its text."""

    id: int
    name: str
    prefix: str
    username: str | None
    role: str
    scopes: list[str]
    cameras: list[str] | None
    created: schemas.Time
    last_used: schemas.Time | None
    expires: schemas.Time | None


class NewToken(TokenOut):
    """A token with its text, which is not shown again."""

    token: str


def token_out(row: ApiToken) -> dict[str, Any]:
    """A token as REST shows it."""
    seen = row.camera_ids()
    shown = {
        name: getattr(row, name) for name in ("name", "prefix", "role", "created", "last_used", "expires")
    }
    return shown | {
        "id": row.pk,
        "username": row.user.username if row.user else None,
        "scopes": row.scopes,
        "cameras": None if seen is None else sorted(seen),
    }


@router.get("", auth=VIEW, response=list[TokenOut])
def list_tokens(request: HttpRequest) -> Any:
    """Your own tokens; as an administrator, all of the site."""
    return [token_out(row) for row in people.tokens(principal(request))[:1000]]


@router.post("", auth=VIEW, response={201: NewToken, 403: schemas.Error, 422: schemas.Error})
def add_token(request: HttpRequest, payload: TokenIn) -> Any:
    """Make a token. Only a browser session or an administrator makes one: a token begets no token."""
    asks = principal(request)
    if not allowed(asks, Permission.ADMINISTER) and not (asks.by_session and payload.own):
        return error_response(403, "Your role does not allow this.")
    row, text = people.add_token(request, **payload.model_dump())
    return Status(201, token_out(row) | {"token": text})


@router.delete("/{int:token_id}", auth=VIEW, response={204: None, 404: schemas.Error})
def withdraw_token(request: HttpRequest, token_id: int) -> Any:
    """Withdraw a token: it ends now."""
    people.withdraw_token(request, people.find_token(principal(request), token_id))
    return Status(204, None)
