"""The Django app `events`."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "vedette.server.events"
    label = "events"
    default_auto_field = "django.db.models.BigAutoField"
