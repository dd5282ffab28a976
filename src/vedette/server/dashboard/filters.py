"""The filter form of the events page: what was asked, what can be chosen, what was not understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from vedette.server.accounts.policy import Principal, visible_cameras
from vedette.server.api.events import EventFilter
from vedette.server.cameras.models import Profile, Zone

FIELDS = ("camera", "label", "kind", "zone", "after", "before", "min_score")
_WORDS = {"min_score": "score", "after": "“from”", "before": "“until”"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as it was asked for.

    Attributes:
        form: the texts of the form's fields, to be shown again.
        wrong: fields that were not understood and are left out of `filter`.
    """

    filter: EventFilter
    form: dict[str, str]
    wrong: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        return any(self.form.values())


def read_filter(query: Mapping[str, str]) -> Asked:
    """Read the form's fields; times are the viewer's."""
    form = {name: query[name].strip() for name in FIELDS if query.get(name, "").strip()}
    values: dict[str, Any] = dict(form)
    for name in ("after", "before"):
        if moment := _local(form.get(name, "")):
            values[name] = moment
            form[name] = f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"
    try:
        return Asked(EventFilter(**values), form)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors()}
    good = EventFilter(**{name: value for name, value in values.items() if name not in wrong})
    return Asked(good, form, sorted(_WORDS.get(name, name) for name in wrong))


def _local(text: str) -> datetime | None:
    """A time; one without offset is the viewer's. None for what is no time that a row can have."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    return moment if 1971 <= moment.year <= 9000 else None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers; what is asked for is always among it."""

    cameras: dict[str, str]
    labels: list[str]
    zones: list[str]


def choices(asks: Principal, asked: Asked) -> Choices:
    """Cameras and zones that may be seen, labels that profiles look for: three small queries."""
    cameras = dict(visible_cameras(asks).order_by("name").values_list("id", "name"))
    zones = set(Zone.objects.filter(camera__in=list(cameras)).values_list("name", flat=True).distinct())
    labels = {label for labels in Profile.objects.values_list("labels", flat=True) for label in labels}
    wanted = asked.form
    if camera := wanted.get("camera"):
        cameras.setdefault(camera, camera)
    zones |= {wanted["zone"]} if "zone" in wanted else set()
    labels |= {wanted["label"]} if "label" in wanted else set()
    return Choices(cameras, sorted(labels | {"person"}), sorted(zones))
