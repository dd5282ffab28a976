"""Which rows are whose: cameras that were removed, limits, share links, and what the audit log keeps."""

from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from tests.integration.server.access.world import World
from vedette.domain.errors import ConfigurationError
from vedette.server.accounts import jobs, shares, trail
from vedette.server.accounts.audit import AuditEntry, audit, audit_system
from vedette.server.accounts.middleware import token_principal, user_principal
from vedette.server.accounts.models import By, RemovedCamera, Role, Share, Site, User
from vedette.server.accounts.policy import (
    Permission,
    Principal,
    allowed,
    rows_of_site,
    visible,
    visible_cameras,
)
from vedette.server.accounts.tokens import create_token, find_token, token_of
from vedette.server.cameras.models import Camera, Profile
from vedette.server.events.models import Event


def principal(name: str) -> Principal:
    """What the policy knows of a user."""
    return user_principal(User.objects.get(username=name))


def seen_events(who: Principal) -> set[str]:
    """The cameras whose events somebody sees."""
    return set(visible(who, Event.objects.all()).values_list("camera", flat=True))


@pytest.fixture
def bosses(world: World) -> tuple[Principal, Principal]:
    """Administrators of both sites."""
    User.objects.create_user("boss", None, Role.ADMINISTRATOR)
    User.objects.create_user("chief", None, Role.ADMINISTRATOR, Site.objects.get(slug="other"))
    return principal("boss"), principal("chief")


def test_a_removed_camera_stays_with_its_site(world: World, bosses: tuple[Principal, Principal]) -> None:
    """Its events are seen by the administrators of its site, and by nobody else."""
    for camera in list(world.cameras.values()):
        camera.delete()
    assert seen_events(bosses[0]) == {"porch-7", "yard-7"}
    assert seen_events(bosses[1]) == {"vault-7"}
    User.objects.create_user("vic", None, Role.VIEWER)
    assert seen_events(principal("vic")) == set()


def test_an_id_is_not_inherited_by_another_site(world: World) -> None:
    """A new camera takes over what a removed one left in its own site only."""
    other = Site.objects.get(slug="other")
    fields = {"name": "New", "main_url": "rtsp://x/1", "profile": Profile.default()}
    world.cameras["porch-7"].delete()
    with pytest.raises(ConfigurationError, match="is taken"):
        Camera.objects.create(id="porch-7", site=other, **fields)
    Camera.objects.create(id="porch-7", site=Site.default(), **fields)
    assert not RemovedCamera.objects.exists()


def test_losing_the_last_camera_leaves_nothing(world: World) -> None:
    """Somebody limited to one camera sees none when it goes, not all."""
    vic = User.objects.create_user("vic", None, Role.VIEWER)
    vic.limited = True
    vic.save()
    vic.cameras.set([world.cameras["porch-7"]])
    assert [camera.id for camera in visible_cameras(principal("vic"))] == ["porch-7"]
    world.cameras["porch-7"].delete()
    assert not visible_cameras(principal("vic")).exists()


def test_administrators_always_see_the_whole_site(world: World) -> None:
    """A limit counts again when the role goes."""
    ada = User.objects.create_user("ada", None, Role.ADMINISTRATOR)
    ada.limited = True
    ada.save()
    assert visible_cameras(principal("ada")).count() == 2
    User.objects.filter(pk=ada.pk).update(role=Role.OPERATOR)
    assert visible_cameras(principal("ada")).count() == 0


def test_a_token_may_what_both_may(world: World) -> None:
    """The weaker role, the scopes, and the cameras that user and token share."""
    vic = User.objects.create_user("vic", None, Role.OPERATOR)
    vic.limited = True
    vic.save()
    vic.cameras.set([world.cameras["porch-7"]])
    both = [world.cameras["porch-7"], world.cameras["yard-7"]]
    text = create_token("t", Role.ADMINISTRATOR, user=vic, scopes=["view", "administer"], cameras=both)
    who = token_principal(token_of(text))
    assert (who.role, who.cameras) == (Role.OPERATOR, {"porch-7"})
    assert [permission for permission in Permission if allowed(who, permission)] == [Permission.VIEW]
    User.objects.update(is_active=False)
    assert find_token(text) is None


@pytest.mark.parametrize("changes", [{"role": "king"}, {"scopes": ["administer"]}, {"name": ""}])
def test_tokens_are_checked(db: None, changes: dict[str, object]) -> None:
    """Unknown roles, scopes beyond the role, and missing names are refused."""
    with pytest.raises(ConfigurationError):
        create_token(**({"name": "t", "role": "viewer"} | changes))  # type: ignore[arg-type]


def test_a_model_that_says_nothing_shows_nothing(bosses: tuple[Principal, Principal]) -> None:
    """Rows without a site, a camera or a word in the policy are nobody's in the admin."""
    assert not rows_of_site(bosses[0], RemovedCamera.objects.none().model.objects.all()).exists()
    assert not rows_of_site(bosses[0], AuditEntry.objects.filter(site__slug="other")).exists()


def test_links_end(world: World, bosses: tuple[Principal, Principal]) -> None:
    """By time, by withdrawal, and with their maker; a lifetime without end is refused."""
    for lifetime in (timedelta(), timedelta(days=31)):
        with pytest.raises(ConfigurationError):
            shares.share("event", "1", bosses[0], lifetime)
    token = shares.share("event", "1", bosses[0], timedelta(hours=1))
    found = shares.opened(token)
    assert found is not None
    assert (found.subject, found.state) == ("1", "open")
    Share.objects.filter(pk=found.pk).update(expires=timezone.now())
    assert shares.opened(token) is None
    Share.objects.filter(pk=found.pk).update(expires=timezone.now() + timedelta(hours=1))
    User.objects.filter(username="boss").update(is_active=False)
    assert shares.opened(token) is None


def test_looks_that_take_many_requests_are_one_entry(
    world: World, bosses: tuple[Principal, Principal]
) -> None:
    """The entry says who, how, from where; the same again within the time is left out."""
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    request.principal = bosses[0]  # type: ignore[attr-defined]
    before = AuditEntry.objects.count()
    for _ in range(5):
        audit(request, "recording.watched", camera="porch-7", subject="noon", once_s=60)
    audit(request, "recording.watched", camera="porch-7", subject="one", once_s=60)
    assert AuditEntry.objects.count() == before + 2
    entry = AuditEntry.objects.order_by("-id")[1]
    assert (entry.who, entry.by, entry.address, entry.site_id) == (
        "boss",
        By.USER,
        "192.0.2.7",
        Site.default().pk,
    )


def test_long_texts_are_cut(db: None) -> None:
    """What is noted never fails for its length."""
    audit_system("a" * 100, subject="s" * 500, who="w" * 500, camera="c" * 200)
    entry = AuditEntry.objects.get()
    assert [len(text) for text in (entry.action, entry.subject, entry.who, entry.camera)] == [
        64,
        200,
        120,
        64,
    ]


def test_entries_of_the_system_belong_to_the_cameras_site(bosses: tuple[Principal, Principal]) -> None:
    """What concerns no camera is the default site's."""
    audit_system("backup.made")
    audit_system("camera.failed", camera="vault-7")
    actions = [set(trail.visible(boss).values_list("action", flat=True)) for boss in bosses]
    assert "backup.made" in actions[0] - actions[1]
    assert "camera.failed" in actions[1] - actions[0]


def test_what_is_old_goes(db: None, world: World) -> None:
    """The job removes old entries and links, and leaves the others."""
    old = timezone.now() - timedelta(days=500)
    audit_system("camera.changed", subject="old")
    AuditEntry.objects.filter(subject="old").update(utc=old)
    Share.objects.filter(pk=Share.objects.order_by("created")[0].pk).update(expires=old)
    entries, links = AuditEntry.objects.count(), Share.objects.count()
    assert jobs.tidy_access() == "1 entries, 0 sessions, 1 links removed."
    assert (AuditEntry.objects.count(), Share.objects.count()) == (entries - 1, links - 1)
    assert jobs.tidy_access() == "Nothing to remove."
