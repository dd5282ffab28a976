"""The admin: lists open, passwords go in and never out."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from tests.integration.server.conftest import PASSWORD
from tests.integration.server.worker import event, segment
from vedette.server.accounts.models import User
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.models import Camera, Profile
from vedette.server.cameras.revision import current
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import camera_specs
from vedette.server.ingest import store_batch
from vedette.server.runtime import Runtime, runtime


@pytest.fixture
def browser(administrator: User) -> Client:
    """An administrator's browser."""
    client = Client()
    client.force_login(administrator)
    return client


def form(**changes: Any) -> dict[str, Any]:
    """The camera form with its (empty) zone rows."""
    fields = {
        "id": "door",
        "name": "Door",
        "main_url": "rtsp://ada:s3cret@cam/1",
        "transport": "tcp",
        "recording_mode": "always",
        "pre_roll_s": 5,
        "post_roll_s": 5,
        "enabled": "on",
        "analyse": "on",
        "zones-TOTAL_FORMS": 0,
        "zones-INITIAL_FORMS": 0,
    }
    return fields | {"site": User.objects.get().site_id, "profile": Profile.default().pk} | changes


def test_every_list_opens(browser: Client) -> None:
    """Each registered model has a list with rows and no query without bound."""
    add_camera("Door", "rtsp://cam/1")
    create_token("t")
    store_batch([event(), segment()], Runtime().counters)
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert browser.get(address).status_code == 200, address


def test_a_camera_is_added_with_its_password_out_of_sight(browser: Client) -> None:
    """Credentials in the address are taken out; the form never shows them; an empty field keeps them."""
    number = current()
    answer = browser.post("/admin/cameras/camera/add/", form())
    assert answer.status_code == 302, answer.context["errors"]
    assert current() > number
    spec = camera_specs()[0].main
    assert (spec.url, spec.username, spec.password.value) == ("rtsp://cam/1", "ada", "s3cret")
    page = browser.get("/admin/cameras/camera/door/change/")
    assert b"s3cret" not in page.content
    changed = form(main_url="rtsp://cam/2", username="ada", name="New name")
    assert browser.post("/admin/cameras/camera/door/change/", changed).status_code == 302
    assert camera_specs()[0].main.password.value == "s3cret"
    forget = form(main_url="rtsp://cam/2", forget_password="on")
    assert browser.post("/admin/cameras/camera/door/change/", forget).status_code == 302
    assert not Camera.objects.get().has_password


def test_a_wrong_address_is_named_in_the_form(browser: Client) -> None:
    """Bounds are those of REST."""
    answer = browser.post("/admin/cameras/camera/add/", form(main_url="ftp://u:s3cret@cam/1"))
    assert answer.status_code == 200
    assert b"are not known" in answer.content


def test_logins_are_counted(administrator: User) -> None:
    """Failed logins are visible in the metrics."""
    client = Client()
    before = runtime.counters["logins_failed"], runtime.counters["logins"]
    client.post("/login", {"username": "ada", "password": "wrong"})
    client.post("/login", {"username": "ada", "password": PASSWORD})
    assert (runtime.counters["logins_failed"], runtime.counters["logins"]) == (before[0] + 1, before[1] + 1)
