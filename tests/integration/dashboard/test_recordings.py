"""The recordings page as the server makes it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import NOON, Login, add_segment
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.recordings.models import Export

MOST_QUERIES = 12


@pytest.fixture
def yard(door: Camera) -> Camera:
    """Another camera."""
    return add_camera("Back yard", "rtsp://192.168.1.21/1", camera_id="yard")


def shown(page: str) -> list[str]:
    """The cameras that have a player."""
    return [part.split('"')[0] for part in page.split('<figure class="deck" data-camera="')[1:]]


def test_it_opens_with_the_camera_that_is_asked_for(login: Login, door: Camera, yard: Camera) -> None:
    """By address, by list, in that order, each once; the first one by name when nothing is asked."""
    client = login()
    for address, cameras in {
        "/recordings": ["yard"],
        "/recordings/door": ["door"],
        "/recordings?cameras=door,yard,door": ["door", "yard"],
    }.items():
        assert shown(client.get(address).content.decode()) == cameras


def test_at_most_four_stand_side_by_side(login: Login, door: Camera) -> None:
    """More are not shown, and no further one is offered."""
    cameras = [add_camera(f"Camera {number}", "rtsp://x/1").id for number in range(5)]
    page = login().get(f"/recordings?cameras={','.join(cameras)}").content.decode()
    assert shown(page) == cameras[:4]
    assert 'id="beside"' not in page


def test_the_moment_is_handed_on(login: Login, door: Camera) -> None:
    """`at` says where to begin; nonsense is left out; the newest recording is known."""
    add_segment("door", NOON, 60)
    client = login(zone="Europe/Berlin")
    page = client.get("/recordings/door?at=2026-11-21T12:00:00Z").content.decode()
    assert 'data-at="1795262400.000000"' in page
    assert 'data-newest="1795262400"' in page
    local = client.get("/recordings/door?at=2026-11-21T13:00:00").content.decode()
    assert 'data-at="1795262400.000000"' in local
    for nonsense in ("x", "0001-01-01", "99999999999999999999"):
        assert "data-at" not in client.get(f"/recordings/door?at={nonsense}").content.decode()


def test_only_what_may_be_seen(login: Login, door: Camera, elsewhere: Camera) -> None:
    """Cameras of another site are not there; a removed one is for administrators."""
    add_segment("gone", NOON, 60)
    viewer, administrator = login("viewer"), login()
    assert viewer.get("/recordings/vault").status_code == 404
    assert viewer.get("/recordings?cameras=door,vault").status_code == 404
    assert viewer.get("/recordings/gone").status_code == 404
    assert shown(administrator.get("/recordings/gone").content.decode()) == ["gone"]
    assert administrator.get(f"/recordings?cameras={'x' * 300}").status_code == 404


def test_viewers_are_not_offered_exports(login: Login, door: Camera) -> None:
    """Who may not order an export sees no form for it, but the list."""
    Export.objects.create(camera="door", start=NOON, end=NOON + timedelta(seconds=9), created_by="ada")
    page = login("viewer").get("/recordings/door").content.decode()
    assert 'id="span"' not in page
    assert "data-remove" not in page
    assert "Waiting" in page
    assert 'id="span"' in login("operator").get("/recordings/door").content.decode()


def test_exports_say_how_they_stand(login: Login, door: Camera) -> None:
    """Waiting, progress, done with size and expiry, failed with the reason."""
    end = NOON + timedelta(seconds=90)
    add = Export.objects.create
    add(camera="door", start=NOON, end=end, state="running", progress=0.42, size_bytes=3_000_000)
    add(camera="door", start=NOON, end=end, state="failed", message="There is no recording.")
    expires = timezone.now() + timedelta(days=7)
    done = add(
        camera="gone", start=NOON, end=end, state="done", duration_s=90, size_bytes=10**6, expires=expires
    )
    page = login().get("/recordings/door?part=1").content.decode()
    assert "42 % of about 3.0 MB" in page
    assert "There is no recording." in page
    assert "1 min 30 s · 1.0 MB" in page
    assert f"/api/v1/exports/{done.pk}/file.mp4" in page
    assert "<video" not in page


def test_it_asks_little(
    login: Login, door: Camera, yard: Camera, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """However much there is, the page takes a bounded number of queries."""
    for number in range(30):
        add_segment("door", NOON + timedelta(minutes=number), 60)
        Export.objects.create(camera="door", start=NOON, end=NOON + timedelta(seconds=9))
    client = login()
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get("/recordings?cameras=door,yard")


def test_without_a_camera_it_says_so(login: Login) -> None:
    """An empty house has an empty page with words."""
    assert "nothing was recorded" in login().get("/recordings").content.decode()
