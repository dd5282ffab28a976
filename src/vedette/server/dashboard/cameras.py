"""The page of all cameras, for those who look for one by its name."""

from django.http import HttpRequest, HttpResponse

from vedette.server.accounts.policy import Permission
from vedette.server.api.access import principal
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.standing import standings


@page(Permission.VIEW)
def cameras(request: HttpRequest) -> HttpResponse:
    """Every camera with its newest picture and how it stands."""
    return show(
        request, "dashboard/cameras.html", {"section": "cameras", "standings": standings(principal(request))}
    )
