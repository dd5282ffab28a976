"""The Django app `cameras`."""

from django.apps import AppConfig


class CamerasConfig(AppConfig):
    """Registers the app and the signals that number every change of the configuration."""

    name = "vedette.server.cameras"
    label = "cameras"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signals."""
        from vedette.server.cameras import revision  # noqa: PLC0415  models are not ready before

        revision.connect()
