"""Logging in: tries are counted, passwords have rules, sessions end, second factors hold."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.integration.server.conftest import ServerProcess
from vedette.server.accounts.audit import AuditEntry
from vedette.server.accounts.models import Role, User
from vedette.server.accounts.service import ensure_administrator

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    """An administrator with a password."""
    return User.objects.create_user("ada", PASSWORD, Role.ADMINISTRATOR)


def log_in(browser: Client, name: str = "ada", password: str = PASSWORD, **more: Any) -> Any:
    """Send the login form."""
    return browser.post("/login", {"username": name, "password": password}, **more)


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def add_second_factor(browser: Client) -> str:
    """Add a second factor on the profile, as a person would; returns its secret."""
    asked = browser.get("/profile/second-factor")
    assert asked["Location"].startswith("/login/again")
    browser.post(asked["Location"], {"password": PASSWORD})
    page = browser.get("/profile/second-factor").content.decode()
    key = re.search(r'class="key"><code>([^<]+)<', page)
    assert key
    assert "data:image/svg+xml;base64," in page
    secret = key[1].replace(" ", "")
    done = browser.post("/profile/second-factor", {"code": code_of(secret)})
    assert done["Location"] == "/profile/recovery-codes"
    return secret


def test_tries_are_counted_by_account_and_address(ada: User) -> None:
    """After five wrong passwords the right one waits, too; other addresses and other accounts do not."""
    User.objects.create_user("vic", PASSWORD)
    browser = Client()
    for _ in range(5):
        assert log_in(browser, password="wrong").status_code == 200
    refused = log_in(browser)
    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    assert b"Too many tries" in refused.content
    assert log_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 302
    assert log_in(Client(), "vic").status_code == 302


def test_many_accounts_from_one_address_are_stopped(ada: User) -> None:
    """Trying one password on every name ends after twenty."""
    answers = [log_in(Client(), f"name{number}", "winter2026").status_code for number in range(21)]
    assert answers == [200] * 20 + [429]


def test_a_right_password_costs_no_try(ada: User) -> None:
    """Somebody who logs in often is never locked out by it."""
    assert [log_in(Client()).status_code for _ in range(8)] == [302] * 8


def test_what_was_tried_outlives_a_restart(server: ServerProcess) -> None:
    """The count is in the database: a restart of the server gives no new tries."""
    server.python(
        "from vedette.server.accounts.models import User\n"
        f"User.objects.create_user('ada', '{PASSWORD}', 'administrator')"
    )

    def attempt() -> int:
        with server.client(token="") as browser:
            token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', browser.get("/login").text)
            assert token
            form = {"username": "ada", "password": "wrong", "csrfmiddlewaretoken": token[1]}
            return browser.post("/login", data=form).status_code

    assert [attempt() for _ in range(6)] == [200] * 5 + [429]
    server.stop()
    server.start()
    assert attempt() == 429


def test_names_are_not_given_away(ada: User) -> None:
    """An unknown name, a wrong password and a disabled user are answered alike."""
    User.objects.create_user("gone", PASSWORD)
    User.objects.filter(username="gone").update(is_active=False)

    def heard(name: str, password: str) -> str:
        page = log_in(Client(), name, password).content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    assert heard("ada", "wrong") == heard("nobody", "wrong") == heard("gone", PASSWORD)
    assert "The user name or the password is wrong." in heard("ada", "wrong")


def test_a_name_that_is_none_of_ours_is_not_noted(ada: User) -> None:
    """People type passwords into the wrong field: the audit log keeps names of users only."""
    log_in(Client(), "my-secret-password", "ada")
    log_in(Client(), password="wrong")
    assert list(AuditEntry.objects.values_list("action", "who").order_by("id")) == [
        ("login.failed", ""),
        ("login.failed", "ada"),
    ]


@pytest.mark.parametrize(
    "next_page",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "\thttp://x"],
)
def test_a_login_leads_nowhere_else(ada: User, next_page: str) -> None:
    """`next` takes addresses of ours only."""
    answer = Client().post("/login", {"username": "ada", "password": PASSWORD, "next": next_page})
    assert answer["Location"] == "/"


def test_a_login_leads_back(ada: User) -> None:
    """Whoever was sent to the login comes back to where they wanted."""
    answer = Client().post(
        "/login", {"username": "ada", "password": PASSWORD, "next": "/events?label=person"}
    )
    assert answer["Location"] == "/events?label=person"


def test_a_login_gets_a_session_of_its_own(ada: User) -> None:
    """A session that was planted before the login is not the one after it."""
    browser = Client()
    browser.get("/login")
    browser.session.save()
    planted = browser.cookies.get("vedette_session")
    log_in(browser)
    assert planted is None or browser.cookies["vedette_session"].value != planted.value


def test_the_first_password_must_be_changed(db: None) -> None:
    """The generated password opens one page only: the one that asks for another."""
    first = ensure_administrator()
    assert first
    browser = Client()
    log_in(browser, "admin", first)
    for path in ("/", "/events", "/access", "/admin/"):
        assert browser.get(path)["Location"] == "/profile/password"
    assert browser.get("/api/v1/cameras").status_code == 403
    form = {"oldpassword": first, "password1": PASSWORD, "password2": PASSWORD}
    assert browser.post("/profile/password", form)["Location"] == "/"
    assert browser.get("/api/v1/cameras").status_code == 200
    assert log_in(Client(), "admin", first).status_code == 200


@pytest.mark.parametrize("password", ["short", "password123", "ada.lovelace", "1234567890123"])
def test_weak_passwords_are_refused(ada: User, password: str) -> None:
    """Short ones, well-known ones, and those like the name."""
    User.objects.update(username="adalovelace")
    browser = Client()
    log_in(browser, "adalovelace")
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    answer = browser.post("/profile/password", form)
    assert answer.status_code == 200
    assert b'role="alert"' in answer.content
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_new_password_ends_all_other_sessions(ada: User) -> None:
    """Whoever was in with the old password is out; whoever changed it stays."""
    here, there = Client(), Client()
    log_in(here)
    log_in(there)
    form = {"oldpassword": PASSWORD, "password1": "another good one", "password2": "another good one"}
    assert here.post("/profile/password", form)["Location"] == "/profile?done=password"
    assert here.get("/events").status_code == 200
    assert there.get("/events").status_code == 302
    assert UserSession.objects.count() == 1


def test_sessions_end_when_they_are_old(ada: User) -> None:
    """After the longest time that the settings allow, whatever happens in between."""
    browser = Client()
    log_in(browser)
    session = browser.session
    session["since"] = time.time() - 61 * 86400
    session.save()
    assert browser.get("/events")["Location"].startswith("/login")
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_using_a_session_keeps_it(ada: User) -> None:
    """Idle time counts from the last use, which is noted at most once a minute."""
    browser = Client()
    log_in(browser)
    key = browser.session.session_key
    old = timezone.now() + timedelta(days=3)
    Session.objects.filter(session_key=key).update(expire_date=old)
    browser.get("/events")
    assert Session.objects.get(session_key=key).expire_date == old
    session = browser.session
    session["seen"] = time.time() - 100
    session.save()
    Session.objects.filter(session_key=key).update(expire_date=old)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1))
    browser.get("/events")
    assert Session.objects.get(session_key=key).expire_date > old
    assert UserSession.objects.get().last_seen_at > timezone.now() - timedelta(minutes=1)


def test_a_second_factor_holds(ada: User) -> None:
    """Password, then code: neither alone opens anything; a code works once."""
    owner = Client()
    log_in(owner)
    secret = add_second_factor(owner)
    row = Authenticator.objects.get(type="totp")
    assert secret not in str(row.data)
    browser = Client()
    assert log_in(browser)["Location"].startswith("/login/code")
    assert browser.get("/events")["Location"].startswith("/login")
    assert browser.post("/login/code", {"code": "000000"}).status_code == 200
    codes = row.user.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()
    for code in (code_of(secret), codes[0]):
        assert browser.post("/login/code", {"code": code})["Location"] == "/"
        assert browser.get("/events").status_code == 200
        browser = Client()
        log_in(browser)
        used = browser.post("/login/code", {"code": code})
        assert b"This code is not right" in used.content


def test_changes_of_the_second_factor_are_noted(ada: User, django_capture_on_commit_callbacks: Any) -> None:
    """Adding and removing stand in the audit log."""
    owner = Client()
    log_in(owner)
    with django_capture_on_commit_callbacks(execute=True):
        add_second_factor(owner)
        owner.post("/profile/second-factor/remove")
    noted = set(AuditEntry.objects.filter(who="ada").values_list("action", flat=True))
    assert {"user.second-factor-added", "user.second-factor-removed"} <= noted


def test_codes_are_throttled(ada: User) -> None:
    """Six digits cannot be guessed: after five wrong ones the login waits."""
    owner = Client()
    log_in(owner)
    add_second_factor(owner)
    browser = Client()
    log_in(browser)
    answers = [browser.post("/login/code", {"code": f"{number:06}"}) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "300"


def test_a_second_factor_is_removed_by_its_owner_alone(ada: User) -> None:
    """It takes a login of a moment ago; then a password is enough again."""
    owner = Client()
    log_in(owner)
    add_second_factor(owner)
    assert owner.post("/profile/second-factor/remove")["Location"] == "/profile"
    assert not Authenticator.objects.exists()
    assert log_in(Client())["Location"] == "/"


def test_recovery_codes_are_shown_and_renewed(ada: User) -> None:
    """Ten codes; new ones end the old ones."""
    owner = Client()
    log_in(owner)
    add_second_factor(owner)
    codes = re.findall(r"<li><code>(\w+)", owner.get("/profile/recovery-codes").content.decode())
    assert len(set(codes)) == 10
    owner.post("/profile/recovery-codes/new")
    fresh = re.findall(r"<li><code>(\w+)", owner.get("/profile/recovery-codes").content.decode())
    assert not set(fresh) & set(codes)


def test_an_administrator_helps_who_lost_the_phone(ada: User) -> None:
    """The second factor is taken away, and the user logged out everywhere."""
    vic = User.objects.create_user("vic", PASSWORD)
    theirs, mine = Client(), Client()
    log_in(theirs, "vic")
    add_second_factor(theirs)
    log_in(mine)
    mine.post(f"/access/users/{vic.pk}", {"action": "second-factor"})
    assert theirs.get("/events").status_code == 302
    assert log_in(Client(), "vic")["Location"] == "/"


def test_answers_about_people_are_kept_by_nobody(ada: User) -> None:
    """Pages that hold what is shown once are not stored by the browser."""
    browser = Client()
    log_in(browser)
    for path in ("/login", "/profile", "/access"):
        assert "no-cache" in browser.get(path)["Cache-Control"]
