"""From findings to incidents: patience, being back, flapping; on a clock that the test holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.server.nodes.kinds import KINDS, kind_of
from vedette.server.nodes.situation import Finding
from vedette.server.nodes.watch import Watch

CAMERA = Finding("camera", "door", "Front door: refused.", camera="door", node="worker-1")


def lasting(finding: Finding, until_s: float, watch: Watch | None = None, from_s: float = 0.0) -> Watch:
    """A watch that has found this every second."""
    watch = watch or Watch()
    moment_s = from_s
    while moment_s <= until_s:
        watch.update([finding], moment_s)
        moment_s += 1.0
    return watch


def well(watch: Watch, from_s: float, until_s: float) -> None:
    """Nothing is found every second."""
    moment_s = from_s
    while moment_s <= until_s:
        watch.update([], moment_s)
        moment_s += 1.0


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_opens_after_its_patience_and_closes_after_its_rest(name: str) -> None:
    """Not a second before it has lasted long enough; over when it was well for long enough, not before."""
    kind, finding = kind_of(name), Finding(name, "it", "It is so.")
    watch = lasting(finding, kind.after_s - 1)
    assert not watch.open
    lasting(finding, kind.after_s, watch, from_s=kind.after_s)
    assert list(watch.open) == [(name, "it")]
    well(watch, kind.after_s + 1, kind.after_s + kind.well_s - 1)
    assert watch.open
    well(watch, kind.after_s + kind.well_s, kind.after_s + kind.well_s)
    assert not watch.open


def test_it_is_dated_from_when_it_was_found_first() -> None:
    """The patience counts as part of the time that it was away."""
    watch = lasting(CAMERA, 40, from_s=10)
    assert watch.open[CAMERA.key].since_s == 10


def test_what_flaps_before_it_is_an_incident_is_not_forgotten() -> None:
    """A camera that is back for 3 s now and then was never well; one that is back for 6 s was."""
    for gap_s, opens in ((3, True), (6, False)):
        watch = lasting(CAMERA, 10)
        well(watch, 11, 10 + gap_s)
        lasting(CAMERA, 20, watch, from_s=11 + gap_s)
        assert bool(watch.open) is opens


def test_what_flaps_while_it_is_an_incident_stays_one() -> None:
    """Short recoveries do not close it; nothing opens and closes with every packet."""
    watch = lasting(CAMERA, 20)
    for start_s in range(21, 60, 5):
        well(watch, start_s, start_s + 3)
        watch.update([CAMERA], start_s + 4)
        assert watch.open


def test_what_cannot_be_seen_is_not_well() -> None:
    """While a camera's worker is silent the camera's incident stays; it ends once the camera is seen well."""
    watch = lasting(CAMERA, 20)
    for moment_s in range(21, 120):
        watch.update([], moment_s, frozenset({"worker-1"}), frozenset({"door"}))
    assert watch.open
    well(watch, 120, 124)
    assert not watch.open


def test_incidents_of_the_process_before_are_taken_up() -> None:
    """After a restart an incident that still holds goes on, one that does not is closed after its rest."""
    watch = Watch()
    watch.resume([CAMERA, Finding("disk", "", "Full.")], 0.0)
    lasting(CAMERA, 12, watch, from_s=1)
    assert list(watch.open) == [CAMERA.key]


def test_the_newest_words_count() -> None:
    """The finding of an open incident is the newest one."""
    watch = lasting(CAMERA, 20)
    watch.update([Finding("camera", "door", "Front door: wrong password.", "door", "worker-1")], 21)
    assert watch.open[CAMERA.key].finding.message == "Front door: wrong password."


@given(st.lists(st.booleans(), max_size=200))
def test_open_means_found_lately_and_for_long(found: list[bool]) -> None:
    """Whatever comes, an open incident was found within its rest, and began at least its patience ago."""
    watch, last_s = Watch(), -1.0
    for moment_s, present in enumerate(found):
        last_s = moment_s if present else last_s
        watch.update([CAMERA] if present else [], moment_s)
        for stretch in watch.open.values():
            assert moment_s - last_s < kind_of("camera").well_s
            assert moment_s - stretch.since_s >= kind_of("camera").after_s
