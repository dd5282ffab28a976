"""Two sites with one of everything each, and everybody who might ask."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client
from django.utils import timezone

from vedette.domain.ids import new_id
from vedette.server.accounts.audit import audit_system
from vedette.server.accounts.middleware import token_principal, user_principal
from vedette.server.accounts.models import Role, Share, Site, User
from vedette.server.accounts.policy import Permission, Principal
from vedette.server.accounts.shares import share
from vedette.server.accounts.tokens import create_token, token_of
from vedette.server.alerts.models import Absence, ArmingSchedule, Channel, Notification, Rule, Snooze
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.events.models import Event
from vedette.server.nodes.models import Incident, NodeStatus
from vedette.server.recordings.models import Export, Segment

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

Things = dict[str, str]
"""What to put in the place of each parameter of a route."""


@dataclass(frozen=True)
class Somebody:
    """Who asks.

    Attributes:
        name: as the table calls them.
        client: sends their requests.
        principal: what the policy knows of them; None for nobody.
        user: whose sessions, tokens and links are their own.
    """

    name: str
    client: Callable[[], Client]
    principal: Principal | None
    user: User | None = None


def make_site(slug: str) -> Site:
    """A site."""
    return Site.default() if slug == "default" else Site.objects.create(slug=slug, name=f"{slug} secret")


def make_camera(camera_id: str, site: Site) -> Camera:
    """A camera whose name gives away that it was seen."""
    camera = Camera.objects.create(
        id=camera_id,
        name=f"{camera_id} secret",
        site=site,
        main_url=f"rtsp://{camera_id}/1",
        profile=Profile.default(),
    )
    Zone.objects.create(camera=camera, name="lawn", polygon=[[0, 0], [1, 0], [1, 1]])
    return camera


def things_of(camera: Camera, owner: User) -> Things:
    """One of everything on this camera and its site, for every parameter that a route may have."""
    site, later = camera.site, timezone.now() + timedelta(hours=1)
    event = _event(camera.id)
    Segment.objects.create(
        id=new_id(),
        camera=camera.id,
        path=f"{camera.id}.mp4",
        start=NOON,
        end=NOON + timedelta(minutes=1),
        state="closed",
    )
    Incident.objects.create(
        kind="silent", subject=camera.id, camera=camera.id, message=f"{camera.name} is silent", opened=NOON
    )
    audit_system("camera.changed", camera=camera.id, subject=camera.name)
    export = Export.objects.create(
        camera=camera.id, start=NOON, end=NOON + timedelta(minutes=1), created_by=owner.username
    )
    rule = Rule.objects.create(site=site, name=camera.name, cameras=[camera.id])
    span = {"start": time(8), "end": time(9)}
    share("event", str(event.id), user_principal(owner), timedelta(hours=1))
    token = create_token(f"{camera.name} token", user=owner)
    return {
        "camera_id": camera.id,
        "zones.name": "lawn",
        "event_id": str(event.id),
        "export_id": str(export.id),
        "rule_id": str(rule.pk),
        "channel_id": str(Channel.objects.create(site=site, name=camera.name, kind="webhook").pk),
        "schedule_id": str(ArmingSchedule.objects.create(site=site, cameras=[camera.id], **span).pk),
        "absence_id": str(Absence.objects.create(site=site, cameras=[camera.id], start=NOON, end=later).pk),
        "snooze_id": str(Snooze.objects.create(site=site, camera=camera.id, until=later).pk),
        "notification_id": str(_notification(camera, rule).pk),
        "share_id": str(Share.objects.get(subject=str(event.id)).pk),
        "token_id": str(token_of(token).pk),
        "session_id": str(_session(owner).pk),
        "user_id": str(owner.pk),
        # These are the whole installation's.
        "profiles.name": "default",
        "profile_id": str(Profile.default().pk),
        "jobs.name": "access",
    }


def _event(camera: str) -> Event:
    return Event.objects.create(
        id=new_id(),
        revision=1,
        sequence=Event.objects.count() + 1,
        camera=camera,
        kind="object",
        label="person",
        score=0.9,
        phase="end",
        start=NOON,
        end=NOON + timedelta(seconds=5),
        best=NOON,
        box=[1, 2, 3, 4],
        width=640,
        height=360,
    )


def _notification(camera: Camera, rule: Rule) -> Notification:
    return Notification.objects.create(
        site=camera.site,
        rule=rule,
        rule_name=rule.name,
        about="events",
        camera=camera.id,
        cameras=[camera.id],
        title=f"{camera.name} person",
        opened=NOON,
        last=NOON,
    )


def _session(owner: User) -> UserSession:
    key = uuid.uuid4().hex
    return UserSession.objects.create(user=owner, ip="192.0.2.1", session_key=key, user_agent=owner.username)


@dataclass
class World:
    """Both sites.

    Attributes:
        door: what belongs to the camera that everybody of the site may see.
        yard: to another camera of the site.
        vault: to the camera of the other site.
    """

    door: Things
    yard: Things
    vault: Things
    cameras: dict[str, Camera]

    @classmethod
    def make(cls, owner: User) -> "World":
        """The sites, seen by somebody of whom the sessions, tokens and links at the door are."""
        settings.HOME.prepare()
        home, other = make_site("default"), make_site("other")
        cameras = {
            name: make_camera(name, site)
            for name, site in (("porch-7", home), ("yard-7", home), ("vault-7", other))
        }
        NodeStatus.objects.create(
            node="worker-1", seen=NOON, cameras=[{"camera": name, "state": "streaming"} for name in cameras]
        )
        neighbour = User.objects.create_user("neighbour", None, Role.VIEWER)
        stranger = User.objects.create_user("stranger secret", None, Role.VIEWER, other)
        return cls(
            things_of(cameras["porch-7"], owner),
            things_of(cameras["yard-7"], neighbour),
            things_of(cameras["vault-7"], stranger),
            cameras,
        )


def a_user(name: str, role: str, site: Site | None = None, only: Camera | None = None) -> Somebody:
    """Somebody who is logged in."""
    user = User.objects.filter(username=name).first() or User.objects.create_user(
        name, "a password", role, site
    )
    if only is not None:
        user.limited = True
        user.save()
        user.cameras.set([only])

    def client() -> Client:
        browser = Client()
        browser.force_login(user)
        return browser

    return Somebody(name, client, user_principal(user), user)


def a_token(name: str, user: User, **changes: Any) -> Somebody:
    """A program with a token of a user."""
    text = create_token(name, user.role, user=user, scopes=[Permission.VIEW], **changes)
    headers = {"Authorization": f"Bearer {text}"}
    return Somebody(name, lambda: Client(headers=headers), token_principal(token_of(text)), user)
