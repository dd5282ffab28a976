"""The Django app `accounts`."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the app; and follows logins."""

    name = "vedette.server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Follow logins and cameras; needs the models, which come after the apps."""
        import_module("vedette.server.accounts.logins").watch()
        import_module("vedette.server.accounts.removed").watch()
