"""The Django app `accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the app under its short label."""

    name = "vedette.server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
