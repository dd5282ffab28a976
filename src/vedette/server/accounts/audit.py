"""Who did what: every change, every login, every look at a recording (promise P6).

Actions are `noun.verb-past`: `camera.changed`, `recording.watched`. Secrets never go into `detail`.
"""

import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from django.http import HttpRequest

from vedette.server.accounts.models import AuditEntry, By, User
from vedette.server.accounts.policy import Principal
from vedette.server.cameras.models import Camera

__all__ = ["AuditEntry", "By", "audit", "audit_system"]

Detail = dict[str, Any] | None

_MOST_RECENT = 4096


class _Recent:
    """What was written a moment ago, so that a clip read in a hundred pieces is one look."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = Lock()

    def new(self, key: tuple[object, ...], once_s: float) -> bool:
        """Whether this was not noted within the last `once_s` seconds; notes it."""
        now_s = time.monotonic()
        with self._lock:
            last_s = self._seen.get(key)
            if last_s is not None and now_s - last_s < once_s:
                return False
            self._seen[key] = now_s
            self._seen.move_to_end(key)
            while len(self._seen) > _MOST_RECENT:
                self._seen.popitem(last=False)
            return True


_recent = _Recent()


def audit(
    request: HttpRequest,
    action: str,
    *,
    camera: str = "",
    subject: object = "",
    detail: Detail = None,
    once_s: float = 0.0,
) -> None:
    """Note what the one who asks has done.

    Args:
        request: of somebody known to the access middleware.
        action: `noun.verb-past`.
        camera: id of the camera concerned.
        subject: what else is concerned: the id of an event, the name of a user.
        detail: plain values that help a reader; never a secret.
        once_s: leave it out when the same was noted within so many seconds: one look takes many requests.
    """
    asks: Principal | None = getattr(request, "principal", None)
    by, who = (asks.by, asks.name) if asks else (By.SYSTEM, "")
    site_id = asks.site_id if asks else None
    key = (site_id, by, who, action, camera, str(subject))
    if once_s and not _recent.new(key, once_s):
        return
    _write(site_id, by, who, action, camera, subject, detail, client_address(request))


def audit_system(
    action: str,
    *,
    camera: str = "",
    subject: object = "",
    detail: Detail = None,
    who: str = "",
    site_id: int | None = None,
) -> None:
    """Note what Vedette did by itself, or somebody on its command line (`who`).

    Without `site_id` it is of the camera's site; without a camera, of the whole installation.
    """
    if site_id is None and camera:
        site_id = Camera.objects.filter(pk=camera).values_list("site_id", flat=True).first()
    _write(site_id, By.SYSTEM, who, action, camera, subject, detail, "")


def audit_login(request: HttpRequest | None, user: User | None, action: str, detail: Detail = None) -> None:
    """Note what somebody does who is about to log in, or on the way out."""
    who, site_id = (user.username, user.site_id) if user else ("", None)
    address = client_address(request) if request is not None else ""
    _write(site_id, By.USER, who, action, "", who, detail, address)


def client_address(request: HttpRequest) -> str:
    """Where a request comes from; a trusted proxy has been seen through before (see `hosts`)."""
    return str(request.META.get("REMOTE_ADDR") or "")[:45]


def _write(
    site_id: int | None,
    by: str,
    who: str,
    action: str,
    camera: str,
    subject: object,
    detail: Detail,
    address: str,
) -> None:
    AuditEntry.objects.create(
        site_id=site_id,
        by=by,
        who=who[:120],
        action=action[:64],
        camera=camera[:64],
        subject=str(subject)[:200],
        detail=detail or {},
        address=address,
    )
