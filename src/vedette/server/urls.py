"""Every address of the server."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from vedette.server.accounts.policy import Permission, needs
from vedette.server.api.app import api
from vedette.server.api.metrics import metrics

urlpatterns = [
    path("", include("vedette.server.accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("api/health", needs(Permission.VIEW)(RedirectView.as_view(url="/api/v1/health"))),
    path("metrics", metrics, name="metrics"),
    path("", include("vedette.server.dashboard.urls")),
]

handler400 = "vedette.server.api.errors.bad_request"
handler429 = "vedette.server.accounts.views.too_many"
handler404 = "vedette.server.api.errors.not_found"
handler500 = "vedette.server.accounts.refusals.failed"
