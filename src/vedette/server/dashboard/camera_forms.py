"""What the forms of a camera's page say, as changes of its fields."""

from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict

from vedette.domain.camera import DEFAULT_LABELS, RecordingMode
from vedette.domain.errors import ConfigurationError

GIGABYTE = 1_000_000_000
_NAMES = {
    "main_url": "Address",
    "sub_url": "Second stream",
    "name": "Name",
    "pre_roll_s": "Before",
    "post_roll_s": "After",
    "max_age_days": "Days",
    "max_size_bytes": "Size",
    "skip_max": "Largest gap",
    "skip_min": "Smallest gap",
    "rate_fps": "Looks per second",
    "min_score": "Certainty",
    "label_scores": "Certainty of labels",
    "min_hits": "Looks before it counts",
    "motion_min_area": "Smallest motion",
    "labels": "Labels",
    "model": "Model",
}
_SWITCHES = ("enabled", "analyse")


def switch_changes(given: QueryDict) -> dict[str, Any]:
    """Switches and the mode of recording: what operators may change; only what is sent changes."""
    changes: dict[str, Any] = {name: given[name] == "on" for name in _SWITCHES if name in given}
    if (mode := given.get("recording_mode")) in set(RecordingMode):
        changes["recording_mode"] = mode
    return changes


def recording_changes(given: QueryDict) -> dict[str, Any]:
    """The mode, the seconds around motion, and how long recordings are kept; empty limits are none."""
    changes = switch_changes(given)
    for name in ("pre_roll_s", "post_roll_s"):
        if name in given:
            changes[name] = _number(given, name)
    if "max_age_days" in given:
        changes["max_age_days"] = _number(given, "max_age_days") if _text(given, "max_age_days") else None
    if "max_size_gb" in given:
        size = _text(given, "max_size_gb")
        changes["max_size_bytes"] = round(_number(given, "max_size_gb") * GIGABYTE) if size else None
    return changes


def connection_changes(given: QueryDict) -> dict[str, Any]:
    """Name, addresses and login. An empty password keeps the stored one, unless it is to be forgotten."""
    names = ("name", "main_url", "sub_url", "username", "transport")
    changes: dict[str, Any] = {name: _text(given, name) for name in names if name in given}
    if given.get("password"):
        changes["password"] = given["password"]
    elif given.get("forget_password"):
        changes["password"] = ""
    return changes


def profile_changes(given: QueryDict) -> dict[str, Any]:
    """The fields of a profile that the form has."""
    numbers = ("min_score", "rate_fps", "quiet_after_s", "lost_after_s", "recheck_s")
    wholes = ("min_hits", "skip_min", "skip_max")
    changes: dict[str, Any] = {name: _number(given, name) for name in numbers if name in given}
    changes |= {name: _whole(given, name) for name in wholes if name in given}
    changes |= {name: _text(given, name) for name in ("name", "model") if given.get(name)}
    if "motion_min_percent" in given:
        changes["motion_min_area"] = _number(given, "motion_min_percent") / 100
    changes["motion_events"] = given.get("motion_events") == "on"
    changes["labels"] = _labels(given)
    changes["label_scores"] = {
        label: _number(given, f"score:{label}")
        for label in changes["labels"]
        if _text(given, f"score:{label}")
    }
    return changes


def _labels(given: QueryDict) -> list[str]:
    more = [label.strip() for label in _text(given, "more_labels").split(",")]
    chosen = set(given.getlist("labels"))
    known = [label for label in DEFAULT_LABELS if label in chosen]
    others = sorted(chosen - set(DEFAULT_LABELS))
    return list(dict.fromkeys(label for label in (*known, *others, *more) if label))


def _text(given: QueryDict, name: str) -> str:
    return str(given.get(name, "")).strip()


def _number(given: QueryDict, name: str) -> float:
    try:
        return float(_text(given, name).replace(",", "."))
    except ValueError:
        raise ConfigurationError(f"{_NAMES.get(name, name)}: enter a number.") from None


def _whole(given: QueryDict, name: str) -> int:
    try:
        return int(_text(given, name))
    except ValueError:
        raise ConfigurationError(f"{_NAMES.get(name, name)}: enter a whole number.") from None


def host_of(url: str) -> str:
    """Who is asked at an address."""
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""


def in_words(error: ConfigurationError) -> str:
    """What is wrong, with the names that the form shows."""
    text = str(error.args[0])
    for row in ("camera", "profile", "zone"):
        text = text.removeprefix(f"This {row} cannot be used: ")
    for field, word in _NAMES.items():
        text = text.replace(f"{field}: ", f"{word}: ")
    return text
