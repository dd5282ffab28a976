"""Cameras, zones, profiles, and the number that every change of them moves on."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from vedette.domain.camera import DEFAULT_LABELS, RecordingMode, Transport
from vedette.server.accounts.models import Site
from vedette.server.cameras import limits


def between(bounds: tuple[float, float]) -> list[Any]:
    """Validators for a number in these bounds."""
    return [MinValueValidator(bounds[0]), MaxValueValidator(bounds[1])]


def default_labels() -> list[str]:
    """The labels that a new profile looks for."""
    return list(DEFAULT_LABELS)


class Profile(models.Model):
    """What to look for and how hard; see `vedette.domain.camera.Profile` for the meaning of the fields."""

    name = models.CharField(max_length=limits.NAME_LENGTH, unique=True)
    model = models.CharField(max_length=limits.NAME_LENGTH, default="yolox_nano")
    labels = models.JSONField(default=default_labels, validators=[limits.check_labels])
    min_score = models.FloatField(default=0.5, validators=between((0, 1)))
    label_scores = models.JSONField(default=dict, blank=True, validators=[limits.check_label_scores])
    min_hits = models.PositiveIntegerField(default=3, validators=between((1, 100)))
    rate_fps = models.FloatField(default=5.0, validators=between(limits.RATE_FPS))
    skip_min = models.PositiveIntegerField(default=5, validators=between(limits.SKIP))
    skip_max = models.PositiveIntegerField(default=60, validators=between(limits.SKIP))
    quiet_after_s = models.FloatField(default=4.0, validators=between(limits.SECONDS))
    lost_after_s = models.FloatField(default=2.0, validators=between(limits.SECONDS))
    recheck_s = models.FloatField(default=10.0, validators=between(limits.SECONDS))
    motion_events = models.BooleanField(default=True)
    motion_min_area = models.FloatField(default=0.002, validators=between((0, 1)))

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Bounds that concern two fields."""
        skips = (self.skip_min, self.skip_max)
        if all(isinstance(skip, int) for skip in skips) and skips[0] > skips[1]:
            raise ValidationError({"skip_max": "It must not be less than skip_min."})

    @classmethod
    def default(cls) -> "Profile":
        """The profile of cameras for which nobody chose one."""
        model = settings.VEDETTE.detector.model
        return cls.objects.get_or_create(name="default", defaults={"model": model})[0]


class Camera(models.Model):
    """One camera. URLs are stored without credentials; the password only encrypted."""

    id = models.CharField(primary_key=True, max_length=64, validators=[limits.check_camera_id])
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="cameras")
    name = models.CharField(max_length=limits.NAME_LENGTH)
    enabled = models.BooleanField(default=True)
    analyse = models.BooleanField(default=True)
    main_url = models.CharField(max_length=limits.URL_LENGTH)
    sub_url = models.CharField(max_length=limits.URL_LENGTH, blank=True, default="")
    username = models.CharField(max_length=255, blank=True, default="")
    password_encrypted = models.TextField(blank=True, default="", editable=False)
    transport = models.CharField(
        max_length=8, choices=[(t.value, t.value) for t in Transport], default=Transport.TCP.value
    )
    loop = models.BooleanField(default=False, help_text="Start a file again when it ends.")
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="cameras")
    recording_mode = models.CharField(
        max_length=8, choices=[(m.value, m.value) for m in RecordingMode], default=RecordingMode.ALWAYS.value
    )
    pre_roll_s = models.FloatField(default=5.0, validators=between(limits.ROLL_S))
    post_roll_s = models.FloatField(default=5.0, validators=between(limits.ROLL_S))
    max_age_days = models.FloatField(null=True, blank=True, validators=between(limits.AGE_DAYS))
    max_size_bytes = models.BigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(limits.MIN_SIZE_BYTES)]
    )
    worker = models.CharField(max_length=64, blank=True, default="", editable=False)
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def has_password(self) -> bool:
        """Whether a password is stored; it is never shown."""
        return bool(self.password_encrypted)


class Zone(models.Model):
    """A polygon on a camera's picture; see `vedette.domain.camera.Zone`."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="zones")
    name = models.CharField(max_length=limits.NAME_LENGTH)
    polygon = models.JSONField(validators=[limits.check_polygon])
    labels = models.JSONField(default=list, blank=True, validators=[limits.check_labels])
    min_dwell_s = models.FloatField(default=0.0, validators=between((0, 3600)))
    kind = models.CharField(
        max_length=8, choices=[("include", "include"), ("exclude", "exclude")], default="include"
    )
    colour = models.CharField(max_length=7, blank=True, default="", validators=[limits.check_colour])

    class Meta:
        ordering = ("camera_id", "name")
        constraints = (models.UniqueConstraint(fields=("camera", "name"), name="zone_name_once_per_camera"),)

    def __str__(self) -> str:
        return self.name


class ConfigRevision(models.Model):
    """One row: the number of the newest configuration (see `revision`)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.number)
