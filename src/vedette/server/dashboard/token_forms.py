"""The form for a new token, on the page of access and on the profile."""

from typing import Any

from django.http import HttpRequest

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts import people
from vedette.server.accounts.policy import Permission
from vedette.server.api.access import principal

LIFETIMES = {"7": "a week", "30": "a month", "90": "three months", "365": "a year", "": "until withdrawn"}


def read_token(request: HttpRequest, *, own: bool, cameras: list[str] | None) -> dict[str, Any]:
    """Make the token that the form asks for; what the page shall show then."""
    form = {name: request.POST.get(name, "").strip() for name in ("name", "role", "days")}
    scopes = [scope for scope in request.POST.getlist("scope") if scope in set(Permission)]
    role = principal(request).role if own else form["role"]
    days = float(form["days"]) if form["days"] in LIFETIMES and form["days"] else None
    try:
        row, text = people.add_token(
            request, form["name"], role, scopes=scopes, cameras=cameras, days=days, own=own
        )
    except ConfigurationError as error:
        return {"form": form, "problem": error.args[0], "asked_scopes": scopes, "chosen": cameras}
    return {"form": {"role": "viewer", "days": "90"}, "made": row, "text": text}
