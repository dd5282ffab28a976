"""Remembers of which site a removed camera was: its recordings and events are still that site's."""

from typing import Any

from django.db.models.signals import post_delete, pre_save

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import RemovedCamera
from vedette.server.cameras.models import Camera


def watch() -> None:
    """Follow the cameras that come and go."""
    post_delete.connect(_removed, sender=Camera, dispatch_uid="remember-removed-cameras")
    pre_save.connect(_comes, sender=Camera, dispatch_uid="forget-removed-cameras")


def _removed(instance: Camera, **_: Any) -> None:
    RemovedCamera.objects.update_or_create(id=instance.pk, defaults={"site_id": instance.site_id})


def _comes(instance: Camera, **_: Any) -> None:
    """A camera that comes back takes over what it left; one of another site must not."""
    if not instance._state.adding:  # noqa: SLF001  Django's own way to tell
        return
    left = RemovedCamera.objects.filter(pk=instance.pk).first()
    if left is None:
        return
    if left.site_id != instance.site_id:
        raise ConfigurationError(f"The id {instance.pk!r} is taken.", hint="Choose another name or id.")
    left.delete()
