"""One camera, live: recording and analysis over real streams, through every kind of trouble."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.integration.pipeline.cameras import Stub, Watch, spec_for
from tests.integration.pipeline.test_chain import VISIT
from tests.support.rtsp import CameraFarm, Fault, load_media, send_no_more
from tests.support.video import Video, VideoMaker
from vedette.domain.camera import Profile, RecordingMode, RecordingSpec, Zone
from vedette.media.jpeg import decode_jpeg

FAST = Profile(model="people", quiet_after_s=1.0, lost_after_s=1.0)


@pytest.fixture(scope="module")
def farm() -> Iterator[CameraFarm]:
    """Cameras; each test takes a path of its own."""
    with CameraFarm() as running:
        yield running


@pytest.fixture(scope="module")
def visit(make_video: VideoMaker) -> Video:
    """A room that one person crosses, from second 1.5 to 6 of 9."""
    return make_video(background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=10)


@pytest.fixture(scope="module")
def quiet(make_video: VideoMaker) -> Video:
    """The room with nobody in it."""
    return make_video(background="room", quiet=True, seconds=6.0, fps=10, gop=10)


def test_a_camera_is_recorded_and_watched_at_once(farm: CameraFarm, visit: Video, tmp_path: Path) -> None:
    """An event with its snapshot, a picture on demand, and all that was sent on disk."""
    camera = farm.add("both", visit.path)
    with Watch(tmp_path, spec_for(farm.url("both"))) as watch:
        watch.wait(lambda: any(event.phase == "end" for event in watch.events))
        utc_s, jpeg = watch.session.snapshot(320)
        assert decode_jpeg(jpeg).width == 320
        assert time.time() - 3 < utc_s <= time.time() + 0.5
        sent = send_no_more(camera, lambda: watch.counters["packets"])
    ended = [event for event in watch.events if event.phase == "end"]
    assert {event.label for event in ended} <= {"person", "motion"}
    assert (tmp_path / "snapshots" / ended[0].snapshot).exists()
    assert sum(pictures for *_, pictures in watch.stretches()) >= sent
    assert all(abs(hole) < 0.2 for hole in watch.holes()[:-1])


def test_a_quiet_camera_costs_no_decoding(farm: CameraFarm, quiet: Video, tmp_path: Path) -> None:
    """Recorded, and looked at by keyframes only."""
    farm.add("quiet", quiet.path)
    with Watch(tmp_path, spec_for(farm.url("quiet"))) as watch:
        watch.wait(lambda: watch.counters.get("keyframes_decoded", 0) >= 6)
        assert watch.counters.get("frames_decoded", 0) == 0
        assert watch.events == []


@pytest.mark.parametrize("trouble", ["drop", "garbage"])
def test_a_connection_that_breaks_is_made_again(
    farm: CameraFarm, quiet: Video, tmp_path: Path, trouble: str
) -> None:
    """The segment of before is closed, a new one begins, and the reconnect is counted."""
    camera = farm.add(f"breaks-{trouble}", quiet.path)
    with Watch(tmp_path, spec_for(farm.url(camera.path))) as watch:
        watch.wait(lambda: watch.segments("open"))
        if trouble == "garbage":
            camera.fault = Fault.GARBAGE
            watch.wait(lambda: watch.counters.get("reconnects", 0) >= 1)
            camera.fault = Fault.NONE
        else:
            farm.drop(camera.path)
        watch.wait(lambda: len(watch.segments("open")) >= 2)
        assert watch.counters["reconnects"] >= 1
        assert watch.session.report().message == ""
    assert len(watch.segments("closed")) == len(watch.segments("open"))
    assert all(hole > -0.05 for hole in watch.holes())


def test_a_stall_is_a_disconnect(farm: CameraFarm, quiet: Video, tmp_path: Path) -> None:
    """Ten seconds of silence: told in words, counted, connected again."""
    camera = farm.add("stalls", quiet.path)
    with Watch(tmp_path, spec_for(farm.url("stalls"))) as watch:
        watch.wait(lambda: watch.segments("open"))
        camera.fault = Fault.STALL
        watch.wait(lambda: "nothing for" in watch.session.report().message)
        assert watch.counters["stalls"] == 1
        camera.fault = Fault.NONE
        watch.wait(lambda: len(watch.segments("open")) >= 2)


def test_another_resolution_begins_another_segment(
    farm: CameraFarm, quiet: Video, make_video: VideoMaker, tmp_path: Path
) -> None:
    """Somebody changes the camera's settings: same connection, new segment, counted, no event."""
    camera = farm.add("resized", quiet.path)
    large = make_video(background="room", quiet=True, seconds=6.0, fps=10, gop=10, width=960, height=540)
    with Watch(tmp_path, spec_for(farm.url("resized"))) as watch:
        watch.wait_streaming()
        camera.media = load_media(large.path)
        watch.wait(lambda: watch.session.report().width == 960)
        watch.wait(lambda: len(watch.segments("open")) == 2)
        assert watch.counters["parameter_changes"] == 1
        assert watch.counters.get("reconnects", 0) == 0
    assert [(m.width, m.height) for m in watch.segments("closed")] == [(640, 360), (960, 540)]
    assert watch.events == []


def test_a_clock_that_jumps_begins_another_segment(farm: CameraFarm, quiet: Video, tmp_path: Path) -> None:
    """The camera sets its clock: counted, and UTC goes on."""
    camera = farm.add("jumps", quiet.path)
    with Watch(tmp_path, spec_for(farm.url("jumps"))) as watch:
        watch.wait(lambda: watch.counters.get("keyframes_decoded", 0) >= 2)
        camera.shift_s += 3600.0
        watch.wait(lambda: len(watch.segments("open")) == 2)
        assert watch.counters["clock_jumps"] == 1
    assert all(-0.05 < hole < 3 for hole in watch.holes())


def test_the_sub_stream_is_watched_and_the_main_stream_recorded(
    farm: CameraFarm, quiet: Video, make_video: VideoMaker, tmp_path: Path
) -> None:
    """Events come in pixels of the sub stream; only the main stream is on disk."""
    small = make_video(background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=10, width=480, height=270)
    farm.add("main", quiet.path)
    farm.add("sub", small.path)
    with Watch(tmp_path, spec_for(farm.url("main"), sub=farm.url("sub"))) as watch:
        watch.wait(lambda: watch.events)
        assert watch.session.report().width == 640
    assert {(event.width, event.height) for event in watch.events} == {(480, 270)}
    assert {message.width for message in watch.segments("closed")} == {640}


@pytest.mark.parametrize("failure", ["hangs", "raises"])
def test_recording_goes_on_whatever_the_detector_does(
    farm: CameraFarm, visit: Video, tmp_path: Path, failure: str
) -> None:
    """A detector that never returns, or always fails, costs no packet (P3)."""
    camera = farm.add(f"detector-{failure}", visit.path)
    released = threading.Event()

    def act() -> None:
        if failure == "raises":
            raise RuntimeError("the network is broken")
        released.wait(60)

    stub = Stub(act)
    watch = Watch(tmp_path, spec_for(farm.url(camera.path)), stub)
    try:
        watch.wait(lambda: stub.calls >= 1)
        since = camera.counters["units"]
        watch.wait(lambda: camera.counters["units"] >= since + 60)
        sent = send_no_more(camera, lambda: watch.counters["packets"])
        watch.session.ask_to_stop()
        begun_s = time.monotonic()
        watch.session.stop(2.0)
        assert time.monotonic() - begun_s < 5
    finally:
        released.set()
        watch.close(1.0)
    assert sum(pictures for *_, pictures in watch.stretches()) >= sent
    assert all(abs(hole) < 0.2 for hole in watch.holes()[:-1])


@pytest.mark.parametrize("mode", ["motion", "events"])
def test_only_what_happens_is_recorded(farm: CameraFarm, visit: Video, tmp_path: Path, mode: str) -> None:
    """With pre-roll from memory and post-roll; the quiet time between is not on disk."""
    camera = farm.add(f"mode-{mode}", visit.path)
    spec = spec_for(farm.url(camera.path), mode=mode, profile=FAST, pre_roll_s=1.0)
    with Watch(tmp_path, spec) as watch:
        event = watch.wait(lambda: next((e for e in watch.events if e.phase == "end"), None))
        watch.wait(lambda: watch.segments("closed"), what="the recording has ended")
    start, end, pictures = watch.stretches()[0]
    assert start <= event.start_utc_s - 0.5
    assert end >= event.end_utc_s + 1.0
    assert pictures == pytest.approx((end - start) * 10, abs=2)
    assert all(message.has_motion or message.has_event for message in watch.segments("closed")[:1])


def test_off_records_nothing(farm: CameraFarm, visit: Video, tmp_path: Path) -> None:
    """Events come all the same."""
    farm.add("off", visit.path)
    with Watch(tmp_path, spec_for(farm.url("off"), mode="off")) as watch:
        watch.wait(lambda: watch.events)
    assert watch.segments("open") == []


def test_changes_cost_no_connection_and_no_packet(farm: CameraFarm, visit: Video, tmp_path: Path) -> None:
    """Rate, zone, model and recording mode change while it runs; every packet sent is on disk (P5)."""
    camera = farm.add("changes", visit.path)
    spec = spec_for(farm.url("changes"))
    everywhere = Zone(name="room", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    with Watch(tmp_path, spec) as watch:
        watch.wait_streaming()
        for revision, change in enumerate(
            [
                {"profile": Profile(model="people", rate_fps=8.0)},
                {"zones": (everywhere,)},
                {"profile": Profile(model="another", rate_fps=4.0)},
                {"recording": RecordingSpec(mode=RecordingMode.ALWAYS, post_roll_s=9.0)},
            ],
            1,
        ):
            spec = msgspec.structs.replace(spec, revision=revision, **change)  # type: ignore[arg-type]
            since = camera.counters["units"]
            watch.session.configure(spec)
            assert watch.session.report().revision == revision
            watch.wait(lambda since=since: camera.counters["units"] >= since + 10)
        watch.wait(lambda: any(event.zones for event in watch.events))
        sent = send_no_more(camera, lambda: watch.counters["packets"])
        assert camera.counters["connections"] == 1
    assert sum(pictures for *_, pictures in watch.stretches()) >= sent


def test_recording_can_be_switched_with_the_address(farm: CameraFarm, quiet: Video, tmp_path: Path) -> None:
    """One revision may change both: the new stream is recorded in the new mode."""
    farm.add("before", quiet.path)
    farm.add("after", quiet.path)
    with Watch(tmp_path, spec_for(farm.url("before"), mode="off")) as watch:
        watch.wait_streaming()
        watch.session.configure(spec_for(farm.url("after"), mode="always"))
        watch.wait(lambda: watch.segments("open"))


def test_a_file_is_watched_to_its_end(visit: Video, tmp_path: Path) -> None:
    """It ends, every packet is on disk, the event has its end."""
    with Watch(tmp_path, spec_for(str(visit.path))) as watch:
        assert watch.session.can_end
        watch.wait(lambda: watch.session.ended)
    assert sum(pictures for *_, pictures in watch.stretches()) == visit.spec.pictures
    assert [event.phase for event in watch.events][-1] == "end"


def test_open_events_end_with_the_session(farm: CameraFarm, visit: Video, tmp_path: Path) -> None:
    """Whoever is in view when the camera is stopped gets an end."""
    farm.add("ends", visit.path)
    with Watch(tmp_path, spec_for(farm.url("ends"))) as watch:
        watch.wait(lambda: watch.events)
    assert {event.id for event in watch.events if event.phase == "end"} == {e.id for e in watch.events}
