"""Events as stored: the newest revision of each."""

from django.db import models


class Event(models.Model):
    """An event. `camera` is a camera's id, not a foreign key: evidence outlives the camera's row.

    Attributes:
        sequence: grows with every stored message; live readers resume from it.
        box: best box as [x, y, width, height] in pixels of a width x height frame.
        zones: list of {zone, enter, exit} (seconds since the epoch, UTC).
        path: list of [seconds since the epoch, [x, y, width, height]].
        snapshot: object key of the clean JPEG, relative to the snapshots folder; likewise `crop`.
    """

    id = models.UUIDField(primary_key=True)
    revision = models.PositiveIntegerField()
    sequence = models.BigIntegerField(unique=True)
    camera = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    label = models.CharField(max_length=64)
    score = models.FloatField()
    phase = models.CharField(max_length=8)
    start = models.DateTimeField()
    end = models.DateTimeField()
    best = models.DateTimeField()
    box = models.JSONField(default=list)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    zones = models.JSONField(default=list)
    path = models.JSONField(default=list)
    snapshot = models.CharField(max_length=255, blank=True, default="")
    crop = models.CharField(max_length=255, blank=True, default="")
    model = models.CharField(max_length=120, blank=True, default="")
    model_version = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ("-start", "-id")
        indexes = (
            models.Index(fields=["-start", "-id"], name="event_newest"),
            models.Index(fields=["camera", "-start", "-id"], name="event_camera"),
            models.Index(fields=["label", "-start", "-id"], name="event_label"),
            models.Index(fields=["kind", "-start", "-id"], name="event_kind"),
            models.Index(fields=["camera", "label", "-start", "-id"], name="event_camera_label"),
        )

    def __str__(self) -> str:
        return f"{self.label} on {self.camera}"


class ZoneEntry(models.Model):
    """That an event touched a zone: the index behind the zone filter."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="entries")
    zone = models.CharField(max_length=120)
    start = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("event", "zone"), name="zone_once_per_event"),)
        indexes = (models.Index(fields=["zone", "-start"], name="zone_newest"),)

    def __str__(self) -> str:
        return self.zone
