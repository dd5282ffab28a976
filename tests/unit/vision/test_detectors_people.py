"""The fallback that needs no model file."""

import cv2
import numpy as np
import pytest

from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.vision.detectors import people
from vedette.vision.detectors.base import DetectorSettings

pytestmark = pytest.mark.skipif(not people.is_available(), reason="this OpenCV has no people detector")


def figure(width: int, height: int, x: int, foot: int, tall: int) -> BgrPicture:
    """A dark person standing on a light ground."""
    picture = np.full((height, width, 3), 190, np.uint8)
    head, dark = tall // 8, (40, 40, 40)
    top = foot - tall
    cv2.circle(picture, (x, top + head // 2), head // 2, dark, -1)
    cv2.ellipse(
        picture, (x, top + int(tall * 0.32)), (int(tall * 0.13), int(tall * 0.2)), 0, 0, 360, dark, -1
    )
    for side in (-1, 1):
        hip, sole = (x + side * tall // 20, top + tall // 2), (x + side * tall // 11, foot)
        cv2.line(picture, hip, sole, dark, tall // 12)
    return BgrPicture(cv2.GaussianBlur(picture, (5, 5), 0))


def test_finds_a_standing_person() -> None:
    """A figure of a third of the picture is found where it stands, as a person."""
    detector = people.people_detector(DetectorSettings(min_score=0.2))
    found = detector.detect(figure(640, 360, 300, 300, 180), [Box(0, 0, 640, 360)])[0]
    assert found
    assert found[0].label == "person"
    assert found[0].box.iou(Box(255, 120, 90, 180)) > 0.4


def test_finds_nobody_on_an_empty_wall() -> None:
    """Nothing is nothing, also at the edges of regions that are no multiple of the window."""
    detector = people.people_detector()
    empty = BgrPicture(np.full((371, 655, 3), 120, np.uint8))
    assert detector.detect(empty, [Box(0, 0, 655, 371), Box(10, 20, 301, 77), Box(0, 0, 4, 4)]) == [
        [],
        [],
        [],
    ]


def test_says_what_it_is() -> None:
    """Its name and labels tell the user what runs."""
    detector = people.people_detector()
    assert (detector.name, detector.labels) == ("people", ("person",))
    assert not detector.thread_safe
