"""The admin site: the same login and the same policy as everything else."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse


class VedetteAdminSite(AdminSite):
    """Django's admin without a login page of its own."""

    site_header = "Vedette"
    site_title = "Vedette"
    index_title = "Administration"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # noqa: ARG002
        """Send to the one login page."""
        return redirect_to_login(request.get_full_path())
