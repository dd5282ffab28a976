"""What the REST interface of alerts and arming takes and gives. Bounds are those of `alerts.limits`."""

from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field, PlainSerializer

from vedette.server.alerts import limits
from vedette.server.alerts.health import standing
from vedette.server.alerts.sentences import rule_sentence, schedule_sentence
from vedette.server.api.schemas import Closed, EventOut, InTime, Share, Time

Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_LENGTH)]
Names = Annotated[list[Name], Field(max_length=200)]
Day = Annotated[int, Field(ge=0, le=6)]
Days = Annotated[list[Day], Field(min_length=1, max_length=7)]


def _plain(moment: time) -> time:
    if moment.tzinfo is not None:
        raise ValueError("a time of day has no offset: it is meant in the site's time zone")
    return moment


Clock = Annotated[
    time,
    AfterValidator(_plain),
    PlainSerializer(lambda moment: f"{moment:%H:%M:%S}".removesuffix(":00"), return_type=str),
]
"""`22:00`, in the site's time zone."""


class Hours(Closed):
    """From a time of day to another, on weekdays (0 is Monday) of its start; it may go across midnight."""

    days: Days
    start: Clock
    end: Clock


class ArmIn(Closed):
    """Arm or disarm cameras (`null`: all that you may see); `force` does not wait for an open event."""

    armed: bool
    cameras: Names | None = None
    force: bool = False


class ArmingOut(Schema):
    """How a camera stands; `waiting`: an OFF waits until the event that goes on has ended."""

    camera: str
    name: str
    armed: bool
    waiting: bool
    since: Time
    cause: str
    who: str
    next_at: Time | None
    next_armed: bool
    words: str


class SiteArmingOut(Schema):
    """How a site stands: `armed`, `disarmed` or `partly`."""

    state: Literal["armed", "disarmed", "partly"]
    time_zone: str
    cameras: list[ArmingOut]


class ZoneIn(Closed):
    """A name of the IANA time zone database."""

    time_zone: Annotated[str, Field(max_length=64)]


class ScheduleIn(Closed):
    """Armed on these weekdays from a time to another; no cameras means all of the site."""

    cameras: Names = Field(default_factory=list)
    days: Days
    start: Clock
    end: Clock
    enabled: bool = True


class ScheduleOut(Schema):
    """A schedule, and the sentence that says it."""

    id: int
    cameras: list[str]
    days: list[int]
    start: Clock
    end: Clock
    enabled: bool
    words: str

    @staticmethod
    def resolve_words(row: Any) -> str:
        """In words."""
        return schedule_sentence(row)


class AbsenceIn(Closed):
    """Nobody is there from one time to another: armed throughout."""

    cameras: Names = Field(default_factory=list)
    start: InTime
    end: InTime


class AbsenceOut(Schema):
    """An absence."""

    id: int
    cameras: list[str]
    start: Time
    end: Time


class RuleIn(Closed):
    """What a rule is about and whom it tells; fields left out keep their value."""

    name: Annotated[str, Field(max_length=limits.NAME_LENGTH)] | None = None
    enabled: bool | None = None
    about: Literal["events", "system"] | None = None
    cameras: Names | None = None
    zones: Names | None = None
    labels: Names | None = None
    kind: Literal["", "object", "motion"] | None = None
    min_score: Share | None = None
    person: Literal["any", "known", "unknown"] | None = None
    armed: Literal["any", "armed", "disarmed"] | None = None
    hours: Annotated[list[Hours], Field(max_length=20)] | None = None
    severity: Literal["low", "moderate", "high"] | None = None
    cooldown_s: Annotated[float, Field(ge=limits.COOLDOWN_S[0], le=limits.COOLDOWN_S[1])] | None = None
    group_s: Annotated[float, Field(ge=limits.GROUP_S[0], le=limits.GROUP_S[1])] | None = None
    group_by: Literal["camera", "site"] | None = None
    picture: bool | None = None
    urgent: bool | None = None
    browsers: bool | None = None
    channels: Annotated[list[int], Field(max_length=limits.MAX_CHANNELS)] | None = None

    def values(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class RuleOut(Schema):
    """A rule, and the sentence that says it."""

    id: int
    name: str
    enabled: bool
    about: str
    cameras: list[str]
    zones: list[str]
    labels: list[str]
    kind: str
    min_score: float
    person: str
    armed: str
    hours: list[dict[str, Any]]
    severity: str
    cooldown_s: float
    group_s: float
    group_by: str
    picture: bool
    urgent: bool
    browsers: bool
    channels: list[int]
    words: str

    @staticmethod
    def resolve_channels(row: Any) -> list[int]:
        """Their ids."""
        return sorted(channel.pk for channel in row.channels.all())

    @staticmethod
    def resolve_words(row: Any) -> str:
        """In words."""
        return rule_sentence(row)


class TrialOut(Schema):
    """What a rule would have told of the last day, as if what it asks to be armed had been."""

    matched: int
    notifications: int
    complete: bool
    events: list[EventOut]


class ChannelIn(Closed):
    """A channel; `config` depends on its kind. Secrets in it are written and never given back."""

    name: Name | None = None
    enabled: bool | None = None
    quiet: Annotated[list[Hours], Field(max_length=20)] | None = None
    config: Annotated[dict[str, Any], Field(max_length=30)] | None = None

    def values(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class NewChannelIn(ChannelIn):
    """A new channel."""

    kind: Literal["mail", "webhook", "telegram", "mqtt"]
    name: Name
    config: Annotated[dict[str, Any], Field(max_length=30)]


class ChannelOut(Schema):
    """A channel without its secrets; `secrets` names those that are stored."""

    id: int
    name: str
    kind: str
    enabled: bool
    quiet: list[dict[str, Any]]
    config: dict[str, Any]
    secrets: list[str]
    owner: str | None
    health: str
    last_sent: Time | None
    last_answer: str
    last_error: str
    failing_since: Time | None

    @staticmethod
    def resolve_secrets(row: Any) -> list[str]:
        """The names only."""
        from vedette.server.alerts.vaulted import secrets_of  # noqa: PLC0415  reads the key file

        return sorted(secrets_of(row, quietly=True))

    @staticmethod
    def resolve_owner(row: Any) -> str | None:
        """Whose browser it is."""
        return row.owner.username if row.owner else None

    @staticmethod
    def resolve_health(row: Any) -> str:
        """How it is, in a word."""
        return standing(row)[0]


class TestOut(Schema):
    """What the other side answered."""

    sent: bool
    answer: str


class PushKeyOut(Schema):
    """What a browser needs to subscribe (`applicationServerKey`)."""

    key: str


class KeysIn(Schema):
    """Of a browser's subscription."""

    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=64)]


class SubscriptionIn(Closed):
    """What a browser gives (`PushSubscription.toJSON()`), and what to call it."""

    endpoint: Annotated[str, Field(max_length=2048)]
    keys: KeysIn
    name: Name
    browser: Annotated[str, Field(max_length=120)] = ""


class UnsubscribeIn(Closed):
    """Which browser."""

    endpoint: Annotated[str, Field(max_length=2048)]


class SnoozeIn(Closed):
    """No notifications until a time: of a rule or of all, on a camera or on all."""

    rule: int | None = None
    camera: Annotated[str, Field(max_length=64)] = ""
    until: InTime


class SnoozeOut(Schema):
    """A snooze."""

    id: int
    rule: int | None = Field(None, alias="rule_id")
    camera: str
    until: Time
    who: str


class DeliveryOut(Schema):
    """A notification on its way to one channel."""

    id: UUID
    channel: int = Field(alias="channel_id")
    state: str
    tries: int
    finished: Time | None
    reason: str


class NotificationOut(Schema):
    """What was told as one."""

    id: UUID
    revision: int
    rule: int | None = Field(None, alias="rule_id")
    rule_name: str
    about: str
    camera: str
    cameras: list[str]
    title: str
    text: str
    opened: Time
    last: Time
    created: Time
    events: list[str]
    count: int
    held_back: int
    held: str
    deliveries: list[DeliveryOut]

    @staticmethod
    def resolve_deliveries(row: Any) -> list[Any]:
        """To every channel."""
        return list(row.deliveries.all())


class NotificationPage(Schema):
    """Notifications, newest first; pass `next` as `before` for those before."""

    items: list[NotificationOut]
    next: str | None
