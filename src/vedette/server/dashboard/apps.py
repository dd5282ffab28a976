"""The Django app `dashboard`."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Registers the app under its short label; it has no tables."""

    name = "vedette.server.dashboard"
    label = "dashboard"
