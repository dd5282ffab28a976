"""The health page: what is not well, and who works."""

from django.http import HttpRequest, HttpResponse

from vedette.server.accounts.policy import Permission
from vedette.server.api.nodes import list_nodes
from vedette.server.dashboard.pages import page, show


@page(Permission.VIEW)
def health(request: HttpRequest) -> HttpResponse:
    """Every problem as a sentence, and every worker."""
    return show(request, "dashboard/health.html", {"section": "health", "nodes": list_nodes(request)})
