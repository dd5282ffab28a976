"""The system page and the log page as rendered: what is shown to whom."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from tests.integration.dashboard.conftest import Login, add_segment
from vedette.node.home import Home
from vedette.server.accounts.models import Role
from vedette.server.cameras.models import Camera
from vedette.server.jobs.models import Job
from vedette.server.nodes.history import History
from vedette.server.nodes.incidents import close_incident, open_incident
from vedette.server.recordings import limits
from vedette.server.runtime import runtime

pytestmark = pytest.mark.django_db


def test_incidents_are_shown_with_what_to_do(login: Login, door: Camera, elsewhere: Camera) -> None:
    """Open ones on top, past ones below; another site's camera is nobody's business here."""
    open_incident("camera", "door", "Front door: refused.", camera="door")
    open_incident("camera", "vault", "Vault: refused.", camera="vault")
    open_incident("disk", "", "The disk was full.")
    close_incident("disk", "")
    page = login().get("/system").content.decode()
    assert "Front door: refused." in page
    assert "A camera gives no picture" in page
    assert "Check its power and network" in page
    assert "The disk was full." in page
    assert "Vault" not in page
    assert 'href="/system/logs?camera=door"' in page


def test_what_was_just_noticed_is_told_apart(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not well and no incident yet never stands beside “everything works”; each is told once."""
    monkeypatch.setitem(runtime.alerts, "disk", "Others fill the disk.")
    page = login().get("/system").content.decode()
    assert "Just noticed" in page
    assert "Everything works as it should" not in page
    open_incident("disk", "", "Others fill the disk.")
    page = login().get("/system").content.decode()
    assert "Just noticed;" not in page
    assert page.count("Others fill the disk.</p>") == 1


def test_the_disk_says_what_is_deleted_when(
    login: Login, door: Camera, elsewhere: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long the disk holds, and what goes first among the cameras that the viewer may see."""
    monkeypatch.setattr("vedette.server.recordings.forecast.FRESH_S", 0.0)
    limits.set_overall(limits.SetLimits(max_age_days=7))
    monkeypatch.setattr(settings, "HOME", Home(tmp_path).prepare())
    page = login().get("/system").content.decode()
    assert "Nothing is recorded yet" in page
    assert "Goes next" not in page
    now = timezone.now()
    add_segment("vault", now - timedelta(days=2))
    add_segment("door", now - timedelta(days=1, hours=1))
    add_segment("door", now - timedelta(hours=1))
    page = login().get("/system").content.decode()
    assert "At today&#x27;s rate the disk holds" in page
    assert "Goes next: the oldest of Front door" in page
    assert "Vault" not in page


def test_figures_are_drawn_and_told(login: Login, door: Camera) -> None:
    """A plot has a path, its newest value in words, and the same as a table."""
    history, now = History(), timezone.now()
    for age_s in range(600, 0, -10):
        history.add(
            now - timedelta(seconds=age_s), {"memory|server|": 5e7, "frames_analysed|worker-1|door": 2.0}
        )
    history.flush(now)
    for span in ("hour", "day", "month", "nonsense"):
        page = login().get(f"/system?span={span}").content.decode()
        assert "Periodic work" in page
    page = login().get("/system").content.decode()
    assert "server <strong>50.0 MB</strong>" in page
    assert 'id="plot-analysed"' in page
    assert "<td>2 /s</td>" in page


def test_jobs_are_run_by_administrators_only(login: Login) -> None:
    """The button is there for them, and works; others are refused."""
    Job.objects.create(name="retention", next_run=timezone.now() + timedelta(days=1))
    assert "Run now:" not in login(Role.OPERATOR).get("/system").content.decode()
    assert login(Role.OPERATOR).post("/system/jobs/retention/run").status_code == 403
    admin = login()
    assert "Run now:" in admin.get("/system").content.decode()
    answer = admin.post("/system/jobs/retention/run", follow=True)
    assert "runs. Its result appears here." in answer.content.decode()
    assert Job.objects.get(pk="retention").next_run <= timezone.now()
    assert admin.post("/system/jobs/nothing/run").status_code == 404


def test_the_log_of_a_camera_is_one_click_away(
    login: Login, door: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of that camera alone, markup in them harmless; for administrators only."""
    home = Home(tmp_path).prepare()
    lines = [
        {"event": "stream has <b>failed</b>", "level": "warning", "camera": "door", "reason": "refused"},
        {"event": "other", "level": "info", "camera": "yard"},
    ]
    stamped = [json.dumps(line | {"timestamp": "2026-11-21T12:00:00Z"}) for line in lines]
    home.log("worker-1").write_text("\n".join(stamped))
    monkeypatch.setattr(settings, "VEDETTE", settings.VEDETTE.model_copy(update={"home": tmp_path}))
    page = login().get("/system/logs?camera=door").content.decode()
    assert "Log of Front door" in page
    assert "stream has &lt;b&gt;failed&lt;/b&gt;" in page
    assert "other" not in page
    assert "No line fits." in login().get("/system/logs?text=nowhere").content.decode()
    assert login(Role.OPERATOR).get("/system/logs").status_code == 403


def test_health_leads_to_the_system_page(login: Login) -> None:
    """The old address still works; as a part it is the head line alone, which other pages ask for."""
    viewer = login(Role.VIEWER)
    assert viewer.get("/health")["Location"] == "/system"
    part = viewer.get("/health?part=1").content.decode()
    assert 'id="health"' in part
    assert len(part) < 1500
