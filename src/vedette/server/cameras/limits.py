"""Bounds of everything that people may enter, in one place: models, REST and YAML use the same."""

import re
from typing import Any

from django.core.exceptions import ValidationError

from vedette.domain.geometry import crosses_itself, polygon_area
from vedette.domain.ids import CAMERA_ID

NAME_LENGTH = 120
URL_LENGTH = 2048
MAX_ZONES = 64
MAX_LABELS = 128
LABEL_LENGTH = 64
POLYGON_POINTS = (3, 64)
POLYGON_AREA = 0.0005
"""Smallest share of the picture that a polygon may cover: less is a slip of the hand."""
COLOUR = r"^(#[0-9a-f]{6})?$"
ROLL_S = (0.0, 120.0)
AGE_DAYS = (0.01, 36500.0)
MIN_SIZE_BYTES = 1_000_000
RATE_FPS = (0.1, 60.0)
SKIP = (1, 600)
SECONDS = (0.1, 3600.0)


def check_camera_id(value: str) -> None:
    """Only what may be the name of a folder and part of a URL."""
    if not CAMERA_ID.fullmatch(value):
        raise ValidationError("Use 1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit.")


def check_labels(value: Any) -> None:
    """A list of short texts."""
    if not isinstance(value, list) or len(value) > MAX_LABELS:
        raise ValidationError(f"Give a list of at most {MAX_LABELS} labels.")
    if not all(isinstance(label, str) and 0 < len(label) <= LABEL_LENGTH for label in value):
        raise ValidationError(f"A label is a text of 1 to {LABEL_LENGTH} characters.")


def check_label_scores(value: Any) -> None:
    """Labels with scores of 0 to 1."""
    if not isinstance(value, dict):
        raise ValidationError("Give scores by label, for example person: 0.6.")
    check_labels(list(value))
    if not all(_is_number(score) and 0 <= score <= 1 for score in value.values()):
        raise ValidationError("A score is a number from 0 to 1.")


def check_polygon(value: Any) -> None:
    """3 to 64 points [x, y] in shares of the picture, 0 to 1, around an area without crossing themselves."""
    low, high = POLYGON_POINTS
    if not isinstance(value, list | tuple) or not low <= len(value) <= high:
        raise ValidationError(f"A polygon has {low} to {high} points.")
    if not all(_is_point(point) for point in value):
        raise ValidationError("A point is [x, y] with both from 0 to 1.")
    if crosses_itself(value):
        raise ValidationError("Its outline crosses itself. Move a point so that no two edges cross.")
    if polygon_area(value) < POLYGON_AREA:
        raise ValidationError("It is too small to stand in. Draw it larger.")


def check_colour(value: str) -> None:
    """Nothing, or red, green and blue as `#1f5fd0`."""
    if not re.match(COLOUR, value):
        raise ValidationError("A colour is written as #1f5fd0.")


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list | tuple)
        and len(point) == 2
        and all(_is_number(value) and 0 <= value <= 1 for value in point)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
