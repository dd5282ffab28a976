"""The Django app `accounts`."""

from importlib import import_module
from typing import Any

import structlog
from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_login_failed

from vedette.server.runtime import runtime

_log = structlog.get_logger(__name__)


class AccountsConfig(AppConfig):
    """Registers the app; logins and failed logins are counted."""

    name = "vedette.server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Count logins."""
        user_logged_in.connect(_logged_in, dispatch_uid="count-logins")
        user_login_failed.connect(_login_failed, dispatch_uid="count-failed-logins")
        import_module("vedette.server.accounts.removed").watch()  # needs the models, which come after apps


def _logged_in(**_: Any) -> None:
    runtime.counters["logins"] += 1


def _login_failed(**_: Any) -> None:
    runtime.counters["logins_failed"] += 1
    _log.warning("A login failed")
