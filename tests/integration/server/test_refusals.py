"""Where there is no page: words and a way back for people, one line for programs."""

import pytest
from django.test import Client

from vedette.server.accounts.models import Role, User
from vedette.server.accounts.refusals import LINK

PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    """Somebody who may look."""
    client = Client()
    client.force_login(User.objects.create_user("vic", None, Role.VIEWER))
    return client


@pytest.mark.parametrize(
    ("path", "status", "words", "way_back"),
    [
        ("/nowhere", 404, "There is no such page.", True),
        ("/cameras/nobody", 404, "There is no such camera.", True),
        ("/access", 403, "You may not see this page.", True),
        ("/shared/nonsense", 404, LINK, False),
    ],
)
def test_people_get_a_page(viewer: Client, path: str, status: int, words: str, way_back: bool) -> None:
    """It says what is wrong; somebody with nothing but a link is not shown the way in."""
    answer = viewer.get(path, headers=PERSON)
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert words in page
    assert ("To the cameras" in page) == way_back
    answer = viewer.get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith(words)


def test_a_form_without_its_token_is_refused_in_words() -> None:
    """Django's own page speaks of CSRF."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login", {"username": "vic"}, headers=PERSON)
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


def test_what_fails_says_where_to_look(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """500, without a word of what went wrong inside."""

    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("vedette.server.dashboard.system.overview", fail)
    viewer.raise_request_exception = False
    answer = viewer.get("/system", headers=PERSON)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "The log of the server says what" in page
    assert "a secret" not in page
