"""The system by REST: incidents, jobs, history, logs, versions, and who may see what."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from vedette.node.home import Home
from vedette.server.accounts.models import AuditEntry, Role, Site
from vedette.server.cameras.models import Camera, Profile
from vedette.server.cameras.service import add_camera
from vedette.server.jobs.models import Job
from vedette.server.jobs.registry import tasks
from vedette.server.nodes.history import History, begin_of
from vedette.server.nodes.incidents import close_incident, open_incident

pytestmark = pytest.mark.django_db

Bearer = Callable[[str], Client]


@pytest.fixture
def door(db: None) -> Iterator[None]:
    """A camera of ours and one of another site."""
    add_camera("Door", "rtsp://cam/1", camera_id="door")
    site = Site.objects.create(slug="other", name="Other")
    Camera.objects.create(
        id="vault", name="Vault", site=site, main_url="rtsp://x/1", profile=Profile.default()
    )
    return


def test_incidents_are_listed_with_what_to_do(door: None, bearer: Bearer) -> None:
    """Open and closed apart; those of another site's camera are not there; titles and advice are."""
    open_incident("camera", "door", "Door: refused.", camera="door")
    open_incident("camera", "vault", "Vault: refused.", camera="vault")
    open_incident("disk", "", "The disk is full.")
    close_incident("disk", "")
    api = bearer(Role.VIEWER)
    assert [row["message"] for row in api.get("/api/v1/incidents?state=open").json()] == ["Door: refused."]
    (over,) = api.get("/api/v1/incidents?state=closed").json()
    assert (over["kind"], over["title"]) == ("disk", "The recordings disk has a problem")
    assert "retention" in over["advice"]
    assert len(api.get("/api/v1/incidents?camera=door&limit=1").json()) == 1
    assert api.get("/api/v1/incidents?state=nonsense").status_code == 422


def test_jobs_are_listed_and_run(bearer: Bearer) -> None:
    """Everybody sees them; an administrator makes one due at once, which is audited."""
    Job.objects.create(
        name="retention", next_run=timezone.now() + timedelta(days=1), ok=False, result="Away."
    )
    found = {row["name"]: row for row in bearer(Role.VIEWER).get("/api/v1/jobs").json()}
    assert found.keys() == tasks().keys()
    assert (found["retention"]["ok"], found["retention"]["result"]) == (False, "Away.")
    assert bearer(Role.OPERATOR).post("/api/v1/jobs/retention/run").status_code == 403
    admin = bearer(Role.ADMINISTRATOR)
    assert admin.post("/api/v1/jobs/retention/run").status_code == 202
    assert Job.objects.get(pk="retention").next_run <= timezone.now()
    assert AuditEntry.objects.filter(action="job.started", subject="retention").exists()
    assert admin.post("/api/v1/jobs/nothing/run").status_code == 404


def test_history_is_by_series_and_shows_no_other_sites_cameras(door: None, bearer: Bearer) -> None:
    """Filters by name, node and camera; an unknown series is a mistake, not an empty answer."""
    history, now = History(), timezone.now()
    for age_s in (30, 20):
        at = now - timedelta(seconds=age_s)
        history.add(at, {"cpu|server|": 0.5, "packets|worker-1|door": 30.0, "packets|worker-1|vault": 9.0})
    history.flush(now)
    api = bearer(Role.VIEWER)
    series = api.get("/api/v1/history").json()["series"]
    assert [(s["name"], s["camera"], len(s["points"])) for s in series] == [
        ("cpu", "", 2),
        ("packets", "door", 2),
    ]
    assert series[0]["points"][0] == [begin_of(now - timedelta(seconds=30), 10).timestamp(), 0.5]
    assert [s["camera"] for s in api.get("/api/v1/history?name=packets").json()["series"]] == ["door"]
    assert api.get("/api/v1/history?camera=vault").json()["series"] == []
    assert api.get("/api/v1/history?node=server").json()["series"][0]["unit"] == "cores"
    assert api.get("/api/v1/history?span=month").json()["step_s"] == 900
    refused = api.get("/api/v1/history?name=nonsense")
    assert (refused.status_code, "no series" in refused.json()["error"]) == (422, True)


def test_logs_are_for_administrators(bearer: Bearer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filtered by camera and level; looking is audited."""
    home = Home(tmp_path).prepare()
    said = {"event": "stream has failed", "level": "warning", "timestamp": "2026-11-21T12:00:00Z"}
    home.log("worker-1").write_text(json.dumps(said | {"camera": "door", "attempt": 3}) + "\n")
    monkeypatch.setattr(settings, "VEDETTE", settings.VEDETTE.model_copy(update={"home": tmp_path}))
    admin = bearer(Role.ADMINISTRATOR)
    (line,) = admin.get("/api/v1/logs?camera=door&level=warning").json()
    assert (line["process"], line["event"], line["details"]["attempt"]) == (
        "worker-1",
        "stream has failed",
        "3",
    )
    assert admin.get("/api/v1/logs?camera=yard").json() == []
    assert admin.get("/api/v1/logs?level=error").json() == []
    assert AuditEntry.objects.filter(action="logs.read").exists()
    assert bearer(Role.OPERATOR).get("/api/v1/logs").status_code == 403


def test_the_system_tells_versions_models_and_processes(bearer: Bearer) -> None:
    """The server is always among the processes; what is installed is told."""
    found = bearer(Role.VIEWER).get("/api/v1/system").json()
    assert {"Vedette", "Python", "Database", "FFmpeg libraries", "PyAV"} <= found["versions"].keys()
    assert [process["name"] for process in found["processes"]] == ["server"]
    assert found["models"][0]["name"] == settings.VEDETTE.detector.model


@pytest.mark.parametrize("path", ["system", "incidents", "jobs", "history", "logs"])
def test_strangers_learn_nothing(path: str, db: None) -> None:
    """P6: without a token there is no answer."""
    assert Client().get(f"/api/v1/{path}").status_code == 401


def test_lines_about_other_sites_cameras_are_not_shown(
    door: None, bearer: Bearer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator reads of the installation and of cameras of the own site, also of removed ones."""
    said = {"event": "e", "level": "info", "timestamp": "2026-11-21T12:00:00Z"}
    lines = [said | {"camera": camera} for camera in ("door", "vault", "removed")] + [said]
    home = Home(tmp_path).prepare()
    home.log("worker-1").write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.setattr(settings, "VEDETTE", settings.VEDETTE.model_copy(update={"home": tmp_path}))
    admin = bearer(Role.ADMINISTRATOR)
    assert sorted(line["camera"] for line in admin.get("/api/v1/logs").json()) == ["", "door", "removed"]
    assert admin.get("/api/v1/logs?camera=vault").json() == []
