"""The Django app `nodes`."""

from django.apps import AppConfig


class NodesConfig(AppConfig):
    """Registers the app under its short label."""

    name = "vedette.server.nodes"
    label = "nodes"
    default_auto_field = "django.db.models.BigAutoField"
