"""The Django app `alerts`."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Registers the app and listens to incidents."""

    name = "vedette.server.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signals."""
        from vedette.server.alerts import feed  # noqa: PLC0415  models are not ready before

        feed.connect()
