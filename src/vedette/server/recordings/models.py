"""The index of recorded segments."""

from django.db import models


class Segment(models.Model):
    """One file of recording. `camera` is a camera's id: recordings outlive the camera's row.

    Attributes:
        path: relative to the recordings folder.
        state: `open` (being written), `closed`, or `deleting` (retention has claimed it).
    """

    class State(models.TextChoices):
        """Where a segment is in its life."""

        OPEN = "open"
        CLOSED = "closed"
        DELETING = "deleting"

    id = models.UUIDField(primary_key=True)
    camera = models.CharField(max_length=64)
    path = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=8, choices=State.choices)
    start = models.DateTimeField()
    end = models.DateTimeField()
    size_bytes = models.BigIntegerField(default=0)
    codec = models.CharField(max_length=32, blank=True, default="")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    audio_codec = models.CharField(max_length=32, blank=True, default="")
    has_motion = models.BooleanField(default=False)
    has_event = models.BooleanField(default=False)

    class Meta:
        ordering = ("camera", "start")
        indexes = (
            models.Index(fields=["camera", "start"], name="segment_camera"),
            models.Index(fields=["start"], name="segment_oldest"),
        )

    def __str__(self) -> str:
        return self.path
