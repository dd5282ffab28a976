"""What workers reported last, for the time after a restart; and what was not as it should be."""

from django.db import models
from django.utils import timezone


class NodeStatus(models.Model):
    """The last report of a node that was written down (at most every few seconds)."""

    node = models.CharField(primary_key=True, max_length=64)
    seen = models.DateTimeField()
    pid = models.PositiveIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0)
    detector = models.CharField(max_length=255, blank=True, default="")
    detector_message = models.TextField(blank=True, default="")
    cameras = models.JSONField(default=list)

    class Meta:
        ordering = ("node",)
        verbose_name_plural = "node statuses"

    def __str__(self) -> str:
        return self.node


class Severity(models.TextChoices):
    """How much an incident matters."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Incident(models.Model):
    """Something that is not as it should be, from when it was noticed until it was well again.

    Attributes:
        kind: what is wrong (`nodes.kinds`); with `subject` it names the one thing: one incident at a time.
        subject: what it is about: a camera, a node, a queue.
        camera, node: whom it concerns; empty when that is the whole installation.
        message: a sentence for people.
        opened, closed: when it was noticed first and was well again; `closed` is None while it lasts.
        reopened: when it came back last, within minutes of having gone.
        times: how often it came.
        quiet: it came back within minutes and nobody is told, unless it lasts.
        announced, back: whether the signals `opened` and `closed` were sent.
    """

    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=160)
    camera = models.CharField(max_length=64, blank=True, default="")
    node = models.CharField(max_length=64, blank=True, default="")
    message = models.TextField()
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MODERATE)
    opened = models.DateTimeField()
    reopened = models.DateTimeField(null=True, default=None)
    closed = models.DateTimeField(null=True, default=None)
    times = models.PositiveIntegerField(default=1)
    quiet = models.BooleanField(default=False)
    announced = models.BooleanField(default=False)
    back = models.BooleanField(default=False)

    class Meta:
        ordering = ("-opened", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"), condition=models.Q(closed=None), name="one_open_incident"
            ),
        )
        indexes = (
            models.Index(fields=("-opened", "-id"), name="incident_newest"),
            models.Index(fields=("kind", "subject", "-closed"), name="incident_again"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def seconds(self) -> float:
        """How long it lasted from when it was noticed first until now or until it was well."""
        return max(((self.closed or timezone.now()) - self.opened).total_seconds(), 0.0)


class Figures(models.Model):
    """Everything that was measured in one stretch of time (`nodes.history`).

    Attributes:
        step_s: how long the stretch is.
        start: when it begins.
        data: JSON object of numbers by series, see `nodes.series`.
    """

    step_s = models.PositiveIntegerField()
    start = models.DateTimeField()
    data = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("step_s", "start"), name="figures_once"),)
        verbose_name_plural = "figures"

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S} ({self.step_s} s)"
