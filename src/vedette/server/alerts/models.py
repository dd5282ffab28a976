"""What is armed, rules, channels, and the notifications that came of them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid6 import uuid7

from vedette.server.accounts.models import Site
from vedette.server.alerts import limits
from vedette.server.cameras.models import Camera, between


class AlertSite(models.Model):
    """What holds for a site as a whole.

    Attributes:
        time_zone: in which schedules, times of day and quiet hours are meant; empty until somebody said.
        armed: for cameras that nobody has set yet.
    """

    site = models.OneToOneField(Site, models.CASCADE, primary_key=True, related_name="alerts")
    time_zone = models.CharField(max_length=64, blank=True, default="", validators=[limits.check_time_zone])
    armed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.site} ({self.time_zone or 'UTC'})"


class Cause(models.TextChoices):
    """What set an armed state."""

    HAND = "hand"
    API = "api"
    SCHEDULE = "schedule"
    ABSENCE = "absence"


class CameraArming(models.Model):
    """Whether a camera is armed.

    Attributes:
        armed: what holds now.
        wanted: what was stored last; differs from `armed` while an OFF waits for an open event to end.
        since: when `armed` changed last.
        set_at: when `wanted` was set last, and by whom or what.
    """

    camera = models.OneToOneField(Camera, models.CASCADE, primary_key=True, related_name="arming")
    armed = models.BooleanField(default=False)
    wanted = models.BooleanField(default=False)
    since = models.DateTimeField(default=timezone.now)
    set_at = models.DateTimeField(default=timezone.now)
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.HAND)
    who = models.CharField(max_length=120, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.camera_id} {'armed' if self.armed else 'disarmed'}"


class ArmingSchedule(models.Model):
    """Armed on these weekdays from a time to another; across midnight when it ends no later than it starts.

    Attributes:
        cameras: ids; empty means all of the site.
        days: 0 (Monday) to 6, of the start.
        changed: from when on it counts: what was set by hand before gives way to it.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="arming_schedules")
    cameras = models.JSONField(default=list, blank=True, validators=[limits.check_cameras])
    days = models.JSONField(default=list, validators=[limits.check_days])
    start = models.TimeField()
    end = models.TimeField()
    enabled = models.BooleanField(default=True)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("start", "id")

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"


class Absence(models.Model):
    """Nobody is there: armed throughout."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="absences")
    cameras = models.JSONField(default=list, blank=True, validators=[limits.check_cameras])
    start = models.DateTimeField()
    end = models.DateTimeField()
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("start", "id")

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"


class Channel(models.Model):
    """A way to tell somebody: one browser, one mailbox, one webhook, one chat, one broker.

    Attributes:
        config: what may be shown; the secrets are apart and only written.
        owner: of a browser: what they may not see is not pushed to it.
        quiet: hours in which only urgent rules get through: list of {days, start, end}.
        failing_since: None while it is well.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="channels")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="channels"
    )
    name = models.CharField(max_length=limits.NAME_LENGTH)
    kind = models.CharField(max_length=16)
    enabled = models.BooleanField(default=True)
    config = models.JSONField(default=dict, blank=True)
    secrets_encrypted = models.TextField(blank=True, default="", editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, default="", editable=False)
    quiet = models.JSONField(default=list, blank=True, validators=[limits.check_hours])
    changed = models.DateTimeField(auto_now=True)
    last_sent = models.DateTimeField(null=True, default=None, editable=False)
    last_answer = models.CharField(max_length=500, blank=True, default="", editable=False)
    last_error = models.CharField(max_length=500, blank=True, default="", editable=False)
    failing_since = models.DateTimeField(null=True, default=None, editable=False)

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar[Any] = (
            models.UniqueConstraint(
                fields=("site", "fingerprint"),
                condition=~models.Q(fingerprint=""),
                name="browser_once_per_site",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    """Which events, or which trouble with the system, lead to which channels.

    Attributes:
        about: events of cameras, or incidents of the system.
        cameras, zones, labels: any of them; empty means all.
        kind: `object`, `motion`, or empty for both.
        person: any, known or unknown.
        armed: any, armed or disarmed.
        hours: when it applies, list of {days, start, end} in the site's time zone; empty means always.
        severity: of incidents: the least that matters.
        cooldown_s: pause per camera after a notification.
        group_s: what follows within so many seconds updates the notification; `group_by` camera or site.
        browsers: also push to every browser that somebody of the site has connected.
        urgent: gets through quiet hours.
    """

    class About(models.TextChoices):
        EVENTS = "events"
        SYSTEM = "system"

    class Person(models.TextChoices):
        ANY = "any"
        KNOWN = "known"
        UNKNOWN = "unknown"

    class When(models.TextChoices):
        ANY = "any"
        ARMED = "armed"
        DISARMED = "disarmed"

    class GroupBy(models.TextChoices):
        CAMERA = "camera"
        SITE = "site"

    site = models.ForeignKey(Site, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=limits.NAME_LENGTH, blank=True, default="")
    enabled = models.BooleanField(default=True)
    about = models.CharField(max_length=8, choices=About.choices, default=About.EVENTS)
    cameras = models.JSONField(default=list, blank=True, validators=[limits.check_cameras])
    zones = models.JSONField(default=list, blank=True, validators=[limits.check_names])
    labels = models.JSONField(default=list, blank=True, validators=[limits.check_names])
    kind = models.CharField(
        max_length=8, blank=True, default="", choices=[("", ""), ("object", "object"), ("motion", "motion")]
    )
    min_score = models.FloatField(default=0.0, validators=between((0, 1)))
    person = models.CharField(max_length=8, choices=Person.choices, default=Person.ANY)
    armed = models.CharField(max_length=8, choices=When.choices, default=When.ARMED)
    hours = models.JSONField(default=list, blank=True, validators=[limits.check_hours])
    severity = models.CharField(
        max_length=10,
        default="moderate",
        choices=[("low", "low"), ("moderate", "moderate"), ("high", "high")],
    )
    cooldown_s = models.FloatField(default=60.0, validators=between(limits.COOLDOWN_S))
    group_s = models.FloatField(default=30.0, validators=between(limits.GROUP_S))
    group_by = models.CharField(max_length=8, choices=GroupBy.choices, default=GroupBy.CAMERA)
    picture = models.BooleanField(default=True)
    urgent = models.BooleanField(default=False)
    browsers = models.BooleanField(default=False)
    channels = models.ManyToManyField(Channel, blank=True, related_name="rules")
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name or f"rule {self.pk}"


class Snooze(models.Model):
    """No notifications until a time: of a rule or of all, on a camera or on all."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="snoozes")
    rule = models.ForeignKey(Rule, models.CASCADE, null=True, blank=True, related_name="snoozes")
    camera = models.CharField(max_length=64, blank=True, default="")
    until = models.DateTimeField()
    who = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ("until", "id")

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}"

    @property
    def cameras(self) -> list[str]:
        """Of which nothing is told; empty means all of the site."""
        return [self.camera] if self.camera else list(self.rule.cameras) if self.rule else []


class Notification(models.Model):
    """What belongs together and is told as one: a group of events under a rule, or an incident.

    Attributes:
        revision: grows when something is added; channels that can replace what they said do so.
        opened, last: times of the first and of the newest occurrence (not of the telling).
        camera: of the first event; `cameras` are all.
        events: ids of the first events in it; `count` says how many there are.
        held_back: how many more there were during the cool-down.
        held: why it is told to nobody (snoozed); empty when it is told.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    site = models.ForeignKey(Site, models.CASCADE, related_name="notifications")
    rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="notifications")
    rule_name = models.CharField(max_length=limits.NAME_LENGTH, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    about = models.CharField(max_length=8, choices=Rule.About.choices)
    camera = models.CharField(max_length=64, blank=True, default="")
    cameras = models.JSONField(default=list)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True, default="")
    severity = models.CharField(max_length=10, blank=True, default="")
    opened = models.DateTimeField()
    last = models.DateTimeField()
    created = models.DateTimeField(default=timezone.now)
    events = models.JSONField(default=list)
    labels = models.JSONField(default=list)
    count = models.PositiveIntegerField(default=1)
    held_back = models.PositiveIntegerField(default=0)
    picture = models.CharField(max_length=255, blank=True, default="")
    urgent = models.BooleanField(default=False)
    held = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("-created", "-id")
        indexes = (
            models.Index(fields=["site", "-created", "-id"], name="notification_newest"),
            models.Index(fields=["rule", "camera", "-opened"], name="notification_of_rule"),
        )

    def __str__(self) -> str:
        return self.title


class Told(models.Model):
    """That a rule has dealt with an event or incident: it does so once."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=80)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="subjects")
    camera = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("rule", "subject"), name="told_once_per_rule"),)
        indexes = (
            models.Index(fields=["subject"], name="told_subject"),
            models.Index(fields=["rule", "camera", "-id"], name="told_newest"),
        )

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """A notification on its way to one channel.

    Attributes:
        id: travels with every try, so that a receiver can tell a repeated one.
        revision: of the notification that was sent last; `wanted` is the one to send.
        claimed_by: the server that is sending it right now.
        handle: what the channel calls the message, to change it later.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=uuid7)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    wanted = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    due = models.DateTimeField(default=timezone.now)
    claimed_by = models.CharField(max_length=120, blank=True, default="")
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True, default=None)
    reason = models.CharField(max_length=500, blank=True, default="")
    handle = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("created", "id")
        constraints = (models.UniqueConstraint(fields=("notification", "channel"), name="once_per_channel"),)
        indexes = (
            models.Index(fields=["channel", "state", "due"], name="delivery_due"),
            models.Index(fields=["channel", "-created"], name="delivery_newest"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Cursor(models.Model):
    """One row: up to which event (`Event.sequence`) rules have been applied."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.sequence)
