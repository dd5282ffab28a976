"""The index of recorded segments, exports, and the limits that were set in the pages."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class Segment(models.Model):
    """One file of recording. `camera` is a camera's id: recordings outlive the camera's row.

    Attributes:
        path: relative to the recordings folder.
        state: `open` (being written), `closed`, or `deleting` (retention has claimed it).
        activity: how much moved in each second (`vedette.recording.activity`).
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
    activity = models.BinaryField(default=bytes, blank=True, max_length=256)

    class Meta:
        ordering = ("camera", "start")
        indexes = (
            models.Index(fields=["camera", "start"], name="segment_camera"),
            models.Index(fields=["start"], name="segment_oldest"),
        )

    def __str__(self) -> str:
        return self.path


class Export(models.Model):
    """A span of a camera's recording as a file to keep.

    Attributes:
        camera: a camera's id: an export outlives the camera's row.
        progress: 0 to 1.
        path: relative to the exports folder; empty until the file is there.
        message: what is missing from the file, or why there is none.
        touched: when the one who makes it last said so; one that is silent has died.
        expires: then the file is removed; None until it is done.
    """

    class State(models.TextChoices):
        """Where an export is in its life."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    camera = models.CharField(max_length=64)
    start = models.DateTimeField()
    end = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.FloatField(default=0.0)
    size_bytes = models.BigIntegerField(default=0)
    duration_s = models.FloatField(default=0.0)
    path = models.CharField(max_length=64, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="")
    created_by = models.CharField(max_length=200, blank=True, default="")
    created = models.DateTimeField(default=timezone.now)
    touched = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created", "-id")
        indexes = (
            models.Index(fields=["-created", "-id"], name="export_newest"),
            models.Index(fields=["state", "created"], name="export_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.camera} {self.start:%Y-%m-%d %H:%M:%S}"


SHARE = [MinValueValidator(0.001), MaxValueValidator(1.0)]


class RetentionChoice(models.Model):
    """One row when an administrator has set the limits of all recordings; the settings hold without it.

    Attributes:
        max_disk_share: of the whole disk; None is no limit, as for the others.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    max_age_days = models.FloatField(null=True, blank=True)
    max_size_bytes = models.BigIntegerField(null=True, blank=True)
    max_disk_share = models.FloatField(null=True, blank=True, validators=SHARE)

    def __str__(self) -> str:
        return "Limits of all recordings"


class CameraShare(models.Model):
    """The share of the disk that one camera's recordings may take; its age and size stand with the camera."""

    camera = models.CharField(primary_key=True, max_length=64)
    max_disk_share = models.FloatField(validators=SHARE)

    def __str__(self) -> str:
        return f"{self.camera}: {self.max_disk_share:.0%}"
