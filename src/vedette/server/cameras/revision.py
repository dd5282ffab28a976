"""Numbers every change of cameras, zones and profiles, in the transaction of the change itself.

Whoever writes (REST, admin, command line, YAML) need not think of it, and whoever polls the number sees it
move exactly when the change is committed.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save

from vedette.server.cameras.models import Camera, ConfigRevision, Profile, Zone


def current() -> int:
    """The number of the newest configuration."""
    return ConfigRevision.objects.values_list("number", flat=True).filter(id=1).first() or 1


@transaction.atomic
def bump() -> int:
    """Move the number on and return it."""
    if not ConfigRevision.objects.filter(id=1).update(number=F("number") + 1):
        ConfigRevision.objects.get_or_create(id=1)
        ConfigRevision.objects.filter(id=1).update(number=F("number") + 1)
    return current()


def connect() -> None:
    """Listen to the changes."""
    for model in (Camera, Zone, Profile):
        post_save.connect(_changed, sender=model, dispatch_uid=f"revision-save-{model.__name__}")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"revision-delete-{model.__name__}")


def _changed(sender: type[Camera | Zone | Profile], instance: Any, **_: Any) -> None:
    number = bump()
    _touched(sender, instance).update(revision=number)
    if sender is Camera:
        instance.revision = number


def _touched(sender: type[Camera | Zone | Profile], instance: Any) -> Any:
    if sender is Camera:
        return Camera.objects.filter(pk=instance.pk)
    if sender is Zone:
        return Camera.objects.filter(pk=instance.camera_id)
    return Camera.objects.filter(profile_id=instance.pk)
