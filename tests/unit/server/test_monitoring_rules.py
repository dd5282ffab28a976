"""Every rule of monitoring (P5), on situations made by hand."""

from typing import Any

import pytest

from tests.unit.server.situations import LATER_S, camera, node, situation
from vedette.domain.messages import CameraReport, CameraState
from vedette.node.standing import ProcessStanding, Standing
from vedette.server.nodes.rules import findings, out_of_sight
from vedette.server.nodes.situation import Situation, Wanted
from vedette.server.nodes.trends import Trends, how_it_ended


def kinds(now: Situation) -> list[str]:
    """The kinds of what is found."""
    return [finding.kind for finding in findings(now)]


def test_all_well_is_nothing_to_find() -> None:
    """A worker that reports and a camera that streams, records and runs the newest settings are no news."""
    assert findings(situation()) == []
    assert out_of_sight(situation()) == (frozenset(), frozenset())


@pytest.mark.parametrize("state", [CameraState.CONNECTING, CameraState.RETRYING])
def test_a_camera_that_gives_no_picture(state: CameraState) -> None:
    """It is found with the worker's own words; switched off or ended it is no trouble."""
    found = findings(situation(camera(state=state, message="Connection refused.")))
    assert [(f.kind, f.camera, f.message) for f in found] == [
        ("camera", "door", "Front door: Connection refused.")
    ]
    assert kinds(situation(camera(state=CameraState.ENDED, recording=False))) == []


def test_a_camera_that_nobody_runs() -> None:
    """No report from a worker that lives is found once everything had time to start."""
    assert kinds(situation(reports={})) == ["camera_silent"]
    assert kinds(situation(reports={}, changed_s=LATER_S - 5)) == []
    off = (Wanted("door", "Front door", enabled=False, node="worker-1"),)
    assert kinds(situation(reports={}, cameras=off)) == []


def test_a_silent_worker_is_one_finding() -> None:
    """It counts the cameras it should run; they are no findings of their own, and are out of sight."""
    now = situation(nodes={}, reports={})
    assert [(f.kind, f.node) for f in findings(now)] == [("node_silent", "worker-1")]
    assert "Nothing is known of 1 camera." in findings(now)[0].message
    assert out_of_sight(now) == ({"worker-1"}, {"door"})
    assert kinds(situation(nodes={}, reports={}, started_s=LATER_S - 5)) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"detector_message": "Only people are found."}, "detector"),
        ({"gauges": {"disk_stopped": 1.0}}, "disk"),
        ({"gauges": {"outbox_messages": 5000.0}}, "outbox"),
        ({"revision": 2}, "unconfirmed"),
    ],
)
def test_what_a_worker_says_of_itself(changes: dict[str, Any], kind: str) -> None:
    """A missing model, a failed disk, a backlog, an old configuration: each is found."""
    assert kinds(situation(nodes={"worker-1": node(camera(), **changes)})) == [kind]


def test_a_command_has_fifteen_seconds() -> None:
    """P5: worker and camera have 15 s to confirm; then each that has not is found."""
    old = camera(revision=2)
    late = {"nodes": {"worker-1": node(old, revision=2)}, "reports": {"door": old}}
    assert kinds(situation(old, **late, changed_s=LATER_S - 14.9)) == []
    assert kinds(situation(old, **late, changed_s=LATER_S - 15)) == ["unconfirmed", "unconfirmed"]
    only_camera = situation(old, changed_s=LATER_S - 15)
    assert [f.subject for f in findings(only_camera)] == ["worker-1/door"]


@pytest.mark.parametrize(
    ("wanted", "report", "words"),
    [
        ({"enabled": False}, {}, "is on, but should be off."),
        ({}, {"state": CameraState.DISABLED, "recording": False}, "is off, but should be on."),
        ({}, {"recording": False}, "should record, but does not."),
        ({"recording_mode": "off"}, {"recording": True}, "records, but should not."),
    ],
)
def test_a_camera_that_does_something_else(
    wanted: dict[str, Any], report: dict[str, Any], words: str
) -> None:
    """On for off, off for on, recording for not recording: each is told in words."""
    cameras = (Wanted("door", "Front door", revision=3, node="worker-1", **wanted),)
    found = findings(situation(camera(**report), cameras=cameras))
    assert [(f.kind, f.message) for f in found] == [("mismatch", f"Front door {words}")]


def test_not_recording_on_motion_or_on_a_failed_disk_is_no_mismatch() -> None:
    """Recording on demand rests; a failed disk is a finding of its own and explains the rest."""
    quiet = camera(recording=False)
    cameras = (Wanted("door", "Front door", recording_mode="motion", revision=3, node="worker-1"),)
    assert kinds(situation(quiet, cameras=cameras)) == []
    stopped = {"worker-1": node(quiet, gauges={"disk_stopped": 1.0})}
    assert kinds(situation(quiet, nodes=stopped)) == ["disk"]


def test_alerts_of_other_parts_are_findings() -> None:
    """What retention or the monitor itself has to say is passed on."""
    found = findings(situation(alerts={"disk": "Others fill the disk.", "database": "It does not answer."}))
    assert [(f.kind, f.message) for f in found] == [
        ("database", "It does not answer."),
        ("disk", "Others fill the disk."),
    ]


def test_another_process_id_is_a_restart() -> None:
    """The first report is no news; a report of another process is, once."""
    trends = Trends()
    assert trends.findings(situation(), 0.0) == []
    again = situation(nodes={"worker-1": node(camera(), pid=101)})
    assert [(f.kind, f.subject) for f in trends.findings(again, 0.0)] == [("crash", "worker-1")]
    assert trends.findings(again, 0.0) == []


def standing(**restarts: int) -> Standing:
    """A supervisor that has started processes again so often, the last time at second 500."""
    processes = {
        name.replace("_", "-"): ProcessStanding(pid=1, restarts=count, last_status=-9, started_utc_s=500.0)
        for name, count in restarts.items()
    }
    return Standing(pid=1, started_utc_s=0.0, processes=processes)


def test_the_supervisor_tells_how_a_process_ended() -> None:
    """Its count says that, its status says how; what was before this server started is not told again."""
    trends = Trends()
    assert trends.findings(situation(supervisor=standing(worker_1=4)), 1000.0) == []
    found = trends.findings(situation(supervisor=standing(worker_1=5)), 1000.0)
    assert [(f.kind, f.subject, f.node) for f in found] == [("crash", "worker-1", "worker-1")]
    assert "SIGKILL" in found[0].message
    assert [how_it_ended(status) for status in (None, 1, -250)] == [
        "nobody knows how",
        "exit status 1",
        "by signal 250",
    ]


def test_a_server_tells_its_own_crash() -> None:
    """The server that was just started again says so itself; one that runs for long was told of before."""
    assert [f.subject for f in Trends().findings(situation(supervisor=standing(server=1)), 510.0)] == [
        "server"
    ]
    assert Trends().findings(situation(supervisor=standing(server=1)), 5000.0) == []


def test_a_queue_that_drops_is_found_while_it_drops() -> None:
    """A counter that grows is found for 10 s after it grew; a new process that counts from 0 is not."""
    trends = Trends()

    def at(now_s: float, dropped: float) -> list[str]:
        report = camera(counters={"analysis_packets_dropped": dropped, "packets": now_s})
        return [f.message for f in trends.findings(situation(report, now_s=now_s), 0.0)]

    assert at(1000, 7) == []
    assert "Front door: Packets not analysed" in at(1001, 9)[0]
    assert at(1009, 9) != []
    assert at(1012, 9) == []
    assert at(1013, 0) == []
    assert at(1014, 1) != []


def test_drops_of_workers_and_of_the_server_are_told_apart() -> None:
    """The sentence names whose queue it is."""
    trends = Trends()
    for lost in (0.0, 5.0):
        reports = {"worker-1": node(camera(), counters={"messages_lost": lost})}
        found = trends.findings(situation(nodes=reports, counters={"messages_rejected": lost}), 0.0)
    assert sorted(f.message.split(":")[0] for f in found) == ["The server", "worker-1"]


def test_a_crowded_detector() -> None:
    """Most of the cameras in motion are held back; what is quiet does not count."""
    held = camera(gate_open=True, gauges={"load_limited": 1.0})
    busy, quiet = camera(camera="yard", gate_open=True), camera(camera="shed")

    def found(*cameras: CameraReport) -> list[str]:
        now = situation(nodes={"worker-1": node(*cameras)})
        return [finding.kind for finding in Trends().findings(now, 5000.0)]

    assert found(held, quiet, quiet) == ["load"]
    assert found(held, held, busy) == ["load"]
    assert found(held, busy) == []
    assert found(busy, quiet) == []
    assert found() == []
