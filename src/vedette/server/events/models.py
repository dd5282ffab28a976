"""Events as stored: the newest revision of each, what is needed to find them, and what people say of them."""

from django.db import models


class Event(models.Model):
    """An event. `camera` is a camera's id, not a foreign key: evidence outlives the camera's row.

    Attributes:
        sequence: grows with every stored message; live readers resume from it.
        box: best box as [x, y, width, height] in pixels of a width x height frame.
        zones: list of {zone, enter, exit} (seconds since the epoch, UTC).
        path: list of [seconds since the epoch, [x, y, width, height]].
        snapshot: object key of the clean JPEG, relative to the snapshots folder; likewise `crop`.
        feedback: what a person says of it, where that was asked for; not a column.
    """

    feedback: "Feedback | None" = None

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
        # The score stands last, so that a walk that looks for high scores need not touch the rows themselves.
        indexes = (
            models.Index(fields=["-start", "-id", "score"], name="event_by_time"),
            models.Index(fields=["camera", "-start", "-id", "score"], name="event_by_camera"),
            models.Index(fields=["label", "-start", "-id", "score"], name="event_by_label"),
            models.Index(fields=["camera", "label", "-start", "-id", "score"], name="event_by_camera_label"),
        )

    def __str__(self) -> str:
        return f"{self.label} on {self.camera}"


class ZoneEntry(models.Model):
    """That an event touched a zone, with what the zone filter is combined with."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="entries")
    zone = models.CharField(max_length=120)
    camera = models.CharField(max_length=64, default="")
    label = models.CharField(max_length=64, default="")
    score = models.FloatField(default=0.0)
    start = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("event", "zone"), name="zone_once_per_event"),)
        indexes = (
            models.Index(fields=["zone", "-start", "-event", "score"], name="entry_by_time"),
            models.Index(fields=["zone", "label", "-start", "-event", "score"], name="entry_by_label"),
            models.Index(
                fields=["zone", "camera", "label", "-start", "-event", "score"], name="entry_by_camera_label"
            ),
        )

    def __str__(self) -> str:
        return self.zone


class Facet(models.Model):
    """That events of such a camera, kind and label exist, in a zone or (`zone` empty) at all.

    A few hundred rows that say what can be filtered by, and which stretches of the indexes a filter means.
    """

    camera = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    label = models.CharField(max_length=64)
    zone = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("zone", "camera", "label", "kind"), name="facet_once"),
        )

    def __str__(self) -> str:
        return " ".join(filter(None, (self.camera, self.label, self.zone)))


class Feedback(models.Model):
    """What a person says of an event. It outlives the event, with what later model work needs to know of it.

    Attributes:
        event: id of the event, which retention may have removed.
        found_label: what the model took it for; `score`, `model` and `model_version` are the event's, too.
        label: what it is: the found label when that was right, empty when nothing was there.
    """

    class Verdict(models.TextChoices):
        """Whether the model was right."""

        RIGHT = "right"
        WRONG = "wrong"
        OTHER = "other", "something else"

    event = models.UUIDField(unique=True)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    label = models.CharField(max_length=64, blank=True, default="")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    camera = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    found_label = models.CharField(max_length=64)
    score = models.FloatField()
    start = models.DateTimeField()
    model = models.CharField(max_length=120, blank=True, default="")
    model_version = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ("-start", "-event")
        indexes = (models.Index(fields=["-start", "-event"], name="feedback_newest"),)

    def __str__(self) -> str:
        return f"{self.verdict} on {self.event}"
