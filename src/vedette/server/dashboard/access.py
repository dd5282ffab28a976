"""The pages of access: who may come in, with what, and who did what."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from pydantic import ValidationError

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts import people, sessions, shares, trail
from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import Role, User
from vedette.server.accounts.policy import Permission, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.audit import AuditFilter
from vedette.server.api.shares import find_share
from vedette.server.api.users import UserIn
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.token_forms import LIFETIMES, read_token

PER_PAGE = 60
_FILTERS = ("who", "by", "action", "camera", "after", "before")
_ROLES = {
    Role.VIEWER.value: "looks and listens",
    Role.OPERATOR.value: "also arms, exports, shares",
    Role.ADMINISTRATOR.value: "also changes settings",
}
_BACK = {"profile": "profile", "access-tokens": "access-tokens", "access-shares": "access-shares"}


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def users(request: HttpRequest) -> HttpResponse:
    """The users of the site, and the form for another one."""
    context: dict[str, Any] = {"form": {"role": Role.VIEWER.value}}
    if request.method == "POST":
        context = _add_user(request)
    rows = [_user_row(user) for user in people.users(principal(request))]
    cameras = visible_cameras(principal(request)).order_by("name")
    frame = {"section": "access", "tab": "users", "users": rows, "cameras": cameras, "roles": _ROLES}
    status = 422 if "problem" in context else 200
    return show(request, "accounts/users.html", frame | context, status)


def _add_user(request: HttpRequest) -> dict[str, Any]:
    form = {"username": request.POST.get("username", "").strip(), "role": request.POST.get("role", "")}
    chosen = read_cameras(request)
    try:
        given = UserIn(**form, cameras=chosen)  # type: ignore[arg-type]  # pydantic checks
        user, password = people.add_user(request, given.username, given.role, given.cameras, None)
    except ValidationError:
        problem = "A user name has letters, digits and @.+-_ only, up to 64 of them."
        return {"form": form, "chosen": chosen, "problem": problem}
    except ConfigurationError as error:
        return {"form": form, "chosen": chosen, "problem": error.args[0]}
    return {"form": {"role": Role.VIEWER.value}, "made": user, "password": password}


def _user_row(user: User) -> dict[str, Any]:
    seen = user.camera_ids() if user.role != Role.ADMINISTRATOR else None
    return {"user": user, "cameras": seen, "second_factor": people.has_second_factor(user)}


def read_cameras(request: HttpRequest) -> list[str] | None:
    """The cameras that a form's picker holds; None for all."""
    return request.POST.getlist("camera")[:1000] if request.POST.get("which") == "chosen" else None


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """One user: role, cameras, sessions, and what to do when something was lost."""
    found = people.find_user(principal(request), user_id)
    outcome: HttpResponse | dict[str, Any] = {}
    if request.method == "POST":
        act = _ACTIONS.get(request.POST.get("action", ""), _nothing)
        try:
            outcome = act(request, found)
        except ConfigurationError as error:
            outcome = {"problem": " ".join([error.args[0], error.hint]).strip()}
    return outcome if isinstance(outcome, HttpResponse) else _show_user(request, found, outcome)


def _show_user(request: HttpRequest, found: User, outcome: dict[str, Any]) -> HttpResponse:
    found.refresh_from_db()
    current = request.session.session_key
    frame = {
        "section": "access",
        "user": found,
        "roles": _ROLES,
        "cameras": visible_cameras(principal(request)).order_by("name"),
        "chosen": found.camera_ids(),
        "second_factor": people.has_second_factor(found),
        "sessions": [sessions.shown(row, current) for row in sessions.of_user(found)],
    }
    return show(request, "accounts/user.html", frame | outcome, 422 if "problem" in outcome else 200)


def _nothing(request: HttpRequest, found: User) -> HttpResponse:  # noqa: ARG001
    raise ConfigurationError("There is no such action.")


def _change(request: HttpRequest, found: User) -> HttpResponse:
    chosen = read_cameras(request)
    role, active = request.POST.get("role"), request.POST.get("active") == "on"
    people.change_user(request, found, role=role, active=active, cameras=chosen, all_cameras=chosen is None)
    messages.success(request, f"{found.username} is changed.")
    return redirect("access-user", found.pk)


def _password(request: HttpRequest, found: User) -> dict[str, Any]:
    return {"password": people.give_password(request, found)}


def _log_out(request: HttpRequest, found: User) -> HttpResponse:
    people.log_out(request, found)
    messages.success(request, f"{found.username} is logged out everywhere.")
    return redirect("access-user", found.pk)


def _second_factor(request: HttpRequest, found: User) -> HttpResponse:
    people.remove_second_factor(request, found)
    messages.success(request, f"{found.username} logs in by password alone now.")
    return redirect("access-user", found.pk)


def _remove(request: HttpRequest, found: User) -> HttpResponse:
    people.remove_user(request, found)
    messages.success(request, f"{found.username} was removed.")
    return redirect("access")


_ACTIONS: dict[str, Callable[[HttpRequest, User], HttpResponse | dict[str, Any]]] = {
    "change": _change,
    "password": _password,
    "log-out": _log_out,
    "second-factor": _second_factor,
    "remove": _remove,
}


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of the site, and the form for another one."""
    context: dict[str, Any] = {"form": {"role": Role.VIEWER.value, "days": "90"}}
    if request.method == "POST":
        context = read_token(request, own=False, cameras=read_cameras(request))
    frame = {
        "section": "access",
        "tab": "tokens",
        "tokens": people.tokens(principal(request))[:1000],
        "cameras": visible_cameras(principal(request)).order_by("name"),
        "roles": _ROLES,
        "scopes": [str(scope) for scope in Permission],
        "lifetimes": LIFETIMES,
        "back": "access-tokens",
    }
    return show(request, "accounts/tokens.html", frame | context, 422 if "problem" in context else 200)


@page(Permission.VIEW, "POST")
def withdraw_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token: anybody's own, and for administrators those of the site."""
    token = people.find_token(principal(request), token_id)
    people.withdraw_token(request, token)
    messages.success(request, f"The token {token.name} is withdrawn.")
    return redirect(_BACK.get(request.POST.get("back", ""), "profile"))


@page(Permission.ADMINISTER)
def share_links(request: HttpRequest) -> HttpResponse:
    """The links that were handed out."""
    rows = shares.visible(principal(request))[:500]
    frame = {"section": "access", "tab": "shares", "shares": rows, "back": "access-shares"}
    return show(request, "accounts/shares.html", frame)


@page(Permission.VIEW, "POST")
def withdraw_share(request: HttpRequest, share_id: UUID) -> HttpResponse:
    """End a link: anybody's own, and for administrators those of the site."""
    row = find_share(request, share_id)
    shares.withdraw(row)
    audit(request, "share.withdrawn", subject=row.subject, detail={"kind": row.kind})
    messages.success(request, "The link opens nothing any more.")
    return redirect(_BACK.get(request.POST.get("back", ""), "profile"))


@page(Permission.VIEW, "POST")
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End a session: anybody's own, and for administrators those of the site."""
    row = sessions.visible(principal(request)).filter(pk=session_id).first()
    if row is None:
        raise Http404("There is no such session.")
    sessions.end([row])
    audit(request, "session.ended", subject=row.user.username)
    messages.success(request, "The session has ended.")
    own = row.user_id == principal(request).user_id
    return redirect("profile") if own else redirect("access-user", row.user_id)


@page(Permission.ADMINISTER)
def audit_log(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first."""
    form = {name: request.GET[name].strip() for name in _FILTERS if request.GET.get(name, "").strip()}
    wrong: list[str] = []
    try:
        wanted = AuditFilter.model_validate(form)
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors()})
        wanted = AuditFilter.model_validate({name: form[name] for name in form if name not in wrong})
    cursor = request.GET.get("cursor", "")
    place = int(cursor) if cursor.isdecimal() and len(cursor) < 19 else None
    asks = principal(request)
    rows, older = trail.page(trail.find(asks, wanted.model_dump()), place, PER_PAGE)
    frame = {
        "section": "access",
        "tab": "audit",
        "entries": rows,
        "older": older,
        "cursor": place,
        "form": form,
        "wrong": wrong,
        "actions": trail.actions(asks),
        "cameras": {camera.id: camera.name for camera in visible_cameras(asks).order_by("name")},
    }
    return show(request, "accounts/audit.html", frame)
