"""The Django app `recordings`."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "vedette.server.recordings"
    label = "recordings"
    default_auto_field = "django.db.models.BigAutoField"
