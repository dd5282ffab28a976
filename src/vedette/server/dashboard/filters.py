"""The filter form of the events page: what was asked, what can be chosen, what was not understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from pydantic import ValidationError

from vedette.server.accounts.policy import Principal, visible, visible_cameras
from vedette.server.api.events import EventFilter
from vedette.server.cameras.models import Profile, Zone
from vedette.server.dashboard.formats import moment_of
from vedette.server.events.models import Facet

SEVERAL = ("camera", "label")
SINGLE = ("kind", "zone", "after", "before", "min_score", "feedback")
FIELDS = (*SEVERAL, *SINGLE, "when")
SHORT = {"from": "after", "to": "before", "score": "min_score"}
"""Other names that links may use."""

SPANS = {"today": "Today", "yesterday": "Yesterday", "week": "Last 7 days"}
SCORES = {f"0.{tenths}": f"From {tenths}0 %" for tenths in range(5, 10)}
VERDICTS = {
    "none": "Not yet said",
    "any": "Any",
    "right": "Right",
    "wrong": "Wrong",
    "other": "Something else",
}
_WORDS = {"min_score": "score", "after": "“from”", "before": "“until”", "when": "time"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as it was asked for.

    Attributes:
        form: the texts of the form's fields, to be shown again; lists for those that take several.
        wrong: fields that were not understood and are left out of `filter`.
    """

    filter: EventFilter
    form: dict[str, Any]
    wrong: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        return any(self.form.values())

    @property
    def count(self) -> int:
        """By how many fields of the form is filtered."""
        return len(self.form.keys() - {"when"})

    @property
    def query(self) -> str:
        """The filter as a query string, without what says nothing."""
        wanted = QueryDict(mutable=True)
        for name in FIELDS:
            value = self.form.get(name)
            wanted.setlist(name, value if isinstance(value, list) else [value] if value else [])
        return wanted.urlencode()


def read_filter(query: QueryDict) -> Asked:
    """Read the form's fields; times are the viewer's."""
    form = _form(query)
    values = {name: value for name, value in form.items() if name != "when"}
    wrong = set()
    for name in ("after", "before"):
        if moment := moment_of(form.get(name, "")):
            values[name] = moment
            form[name] = f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"
    if when := form.get("when"):
        values |= _span(when)
        wrong |= set() if when in SPANS else {"when"}
    try:
        return Asked(EventFilter(**values), form, _named(wrong))
    except ValidationError as error:
        wrong |= {str(problem["loc"][0]) for problem in error.errors()}
    good = EventFilter(**{name: value for name, value in values.items() if name not in wrong})
    return Asked(good, form, _named(wrong))


def _form(query: QueryDict) -> dict[str, Any]:
    given = {SHORT.get(name, name): query.getlist(name) for name in query}
    form: dict[str, Any] = {}
    for name in FIELDS:
        texts = list(dict.fromkeys(text.strip() for text in given.get(name, []) if text.strip()))
        if texts:
            form[name] = texts if name in SEVERAL else texts[-1]
    if "after" in form or "before" in form:
        form.pop("when", None)
    return form


def _named(fields: set[str]) -> list[str]:
    return sorted(_WORDS.get(name, name) for name in fields)


def _span(when: str) -> Mapping[str, datetime]:
    """From and to of `today`, `yesterday` or the last seven days, as the viewer's days go."""
    days = {"today": (0, 1), "yesterday": (-1, 0), "week": (-6, 1)}.get(when)
    if days is None:
        return {}
    today = timezone.localdate()
    first, last = (today + timedelta(days=day) for day in days)
    return {
        "after": timezone.make_aware(datetime.combine(first, time())),
        "before": timezone.make_aware(datetime.combine(last, time())),
    }


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers; what is asked for is always among it."""

    cameras: dict[str, str]
    labels: list[str]
    zones: list[str]


def choices(asks: Principal, asked: Asked) -> Choices:
    """Cameras, labels and zones that there are, or that there are events of: a few small queries."""
    cameras = dict(visible_cameras(asks).order_by("name").values_list("id", "name"))
    zones = set(Zone.objects.filter(camera__in=list(cameras)).values_list("name", flat=True))
    facets = visible(asks, Facet.objects.all())
    zones |= set(facets.values_list("zone", flat=True).distinct()) | {asked.filter.zone or ""}
    for camera in (*facets.values_list("camera", flat=True).distinct(), *asked.filter.camera):
        cameras.setdefault(camera, camera)
    return Choices(cameras, sorted(known_labels(asks) | set(asked.filter.label)), sorted(zones - {""}))


def known_labels(asks: Principal) -> set[str]:
    """What profiles look for, and what was found so far."""
    sought = {label for labels in Profile.objects.values_list("labels", flat=True) for label in labels}
    found = visible(asks, Facet.objects.all()).values_list("label", flat=True).distinct()
    return {"person", *sought, *found}
