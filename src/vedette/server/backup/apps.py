"""The Django app `backup`: it has no tables, only periodic work."""

from django.apps import AppConfig


class BackupConfig(AppConfig):
    """Lets the scheduler find `jobs`."""

    name = "vedette.server.backup"
    label = "backup"
