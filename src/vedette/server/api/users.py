"""Users of the site, for its administrators."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from vedette.server.accounts import people, sessions
from vedette.server.accounts.models import User
from vedette.server.api import schemas
from vedette.server.api.access import ADMINISTER, principal
from vedette.server.api.sessions import SessionOut

router = Router(tags=["access"])

Role = Literal["viewer", "operator", "administrator"]
UserName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.@+-]+$")]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
CameraIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=1000)]


class UserIn(schemas.Closed):
    """A new user; without a password one is generated, which they must change."""

    username: UserName
    role: Role = "viewer"
    cameras: CameraIds | None = Field(None, description="Only these; null for all of the site.")
    password: Password | None = None


class UserChange(schemas.Closed):
    """What may change; fields left out stay."""

    role: Role | None = None
    active: bool | None = None
    cameras: CameraIds | None = Field(None, description="Only these; null for all of the site.")


class UserOut(Schema):
    """A user."""

    id: int
    username: str
    role: str
    active: bool
    cameras: list[str] | None = Field(description="Only these; null for all of the site.")
    must_change_password: bool
    second_factor: bool
    created: schemas.Time
    last_login: schemas.Time | None


class NewUser(UserOut):
    """A user, and the generated password, which is not shown again."""

    password: str | None = None


class NewPassword(Schema):
    """A generated password, which is not shown again; it must be changed at the next login."""

    password: str


class Ended(Schema):
    """How many sessions have ended."""

    ended: int


def user_out(user: User) -> dict[str, Any]:
    """A user as REST shows them."""
    seen = user.camera_ids()
    return {
        "id": user.pk,
        "username": user.username,
        "role": user.role,
        "active": user.is_active,
        "cameras": None if seen is None else sorted(seen),
        "must_change_password": user.must_change_password,
        "second_factor": people.has_second_factor(user),
        "created": user.created,
        "last_login": user.last_login,
    }


@router.get("", auth=ADMINISTER, response=list[UserOut])
def list_users(request: HttpRequest) -> Any:
    """All users of the site."""
    return [user_out(user) for user in people.users(principal(request))]


@router.post("", auth=ADMINISTER, response={201: NewUser, 422: schemas.Error})
def add_user(request: HttpRequest, payload: UserIn) -> Any:
    """Add a user."""
    user, password = people.add_user(
        request, payload.username, payload.role, payload.cameras, payload.password
    )
    return Status(201, user_out(user) | {"password": password})


@router.get("/{int:user_id}", auth=ADMINISTER, response={200: UserOut, 404: schemas.Error})
def get_user(request: HttpRequest, user_id: int) -> Any:
    """One user."""
    return user_out(people.find_user(principal(request), user_id))


@router.patch("/{int:user_id}", auth=ADMINISTER, response={200: UserOut, 404: schemas.Error})
def change_user(request: HttpRequest, user_id: int, payload: UserChange) -> Any:
    """Change role, cameras, or whether they may log in at all."""
    user = people.find_user(principal(request), user_id)
    all_cameras = "cameras" in payload.model_fields_set and payload.cameras is None
    people.change_user(
        request,
        user,
        role=payload.role,
        active=payload.active,
        cameras=payload.cameras,
        all_cameras=all_cameras,
    )
    return user_out(user)


@router.delete("/{int:user_id}", auth=ADMINISTER, response={204: None, 404: schemas.Error})
def remove_user(request: HttpRequest, user_id: int) -> Any:
    """Remove a user with their sessions, tokens and share links."""
    people.remove_user(request, people.find_user(principal(request), user_id))
    return Status(204, None)


@router.post("/{int:user_id}/password", auth=ADMINISTER, response={200: NewPassword, 404: schemas.Error})
def give_password(request: HttpRequest, user_id: int) -> Any:
    """Give a user who lost theirs a generated password; they are logged out everywhere."""
    return {"password": people.give_password(request, people.find_user(principal(request), user_id))}


@router.delete("/{int:user_id}/second-factor", auth=ADMINISTER, response={204: None, 404: schemas.Error})
def remove_second_factor(request: HttpRequest, user_id: int) -> Any:
    """Take the second factor from a user who lost it; they are logged out everywhere."""
    people.remove_second_factor(request, people.find_user(principal(request), user_id))
    return Status(204, None)


@router.delete("/{int:user_id}/sessions", auth=ADMINISTER, response={200: Ended, 404: schemas.Error})
def log_out(request: HttpRequest, user_id: int) -> Any:
    """Log a user out everywhere."""
    return {"ended": people.log_out(request, people.find_user(principal(request), user_id))}


@router.get("/{int:user_id}/sessions", auth=ADMINISTER, response=list[SessionOut])
def list_sessions(request: HttpRequest, user_id: int) -> Any:
    """Where a user is logged in."""
    user = people.find_user(principal(request), user_id)
    return [sessions.shown(row, request.session.session_key) for row in sessions.of_user(user)]
