"""The desired state of all workers, from the rows."""

from collections.abc import Sequence

from django.db import transaction

from vedette.domain.messages import Assignment
from vedette.server.cameras.models import Camera
from vedette.server.cameras.placement import place
from vedette.server.cameras.revision import bump, current
from vedette.server.cameras.specs import camera_specs


@transaction.atomic
def desired_state(workers: Sequence[str]) -> tuple[int, dict[str, Assignment], dict[str, str]]:
    """The newest revision, what each worker should run, and which worker each camera is on.

    Cameras without a (living) worker are given one, which is a change of the configuration itself.
    """
    placed = _place(workers)
    revision = current()
    specs = camera_specs()
    assignments = {
        worker: Assignment(revision=revision, cameras=tuple(s for s in specs if placed[s.id] == worker))
        for worker in workers
    }
    return revision, assignments, placed


def _place(workers: Sequence[str]) -> dict[str, str]:
    had = dict(Camera.objects.values_list("id", "worker"))
    placed = place(had, workers)
    moved = [camera for camera in placed if placed[camera] != had[camera]]
    for camera in moved:
        Camera.objects.filter(pk=camera).update(worker=placed[camera])
    if moved:
        bump()
    return placed
