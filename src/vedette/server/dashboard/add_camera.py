"""Adding a camera: paste an address or search the network, see its picture, choose, done.

One form with three buttons: `do=search`, `do=test` and `do=add`. It works without a script; with one only the
results are swapped. The password that was tested travels to the last step encrypted, bound to its host.
"""

import json
import time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.brands.discovery import interfaces
from vedette.domain.camera import RecordingMode, Transport
from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.api.access import principal
from vedette.server.api.finding import picture_text, search_network, try_out
from vedette.server.cameras import changes
from vedette.server.cameras.finding import Finding, Wanted
from vedette.server.cameras.models import Camera, Profile
from vedette.server.cameras.specs import vault
from vedette.server.dashboard.camera import MODES
from vedette.server.dashboard.camera_forms import host_of, in_words
from vedette.server.dashboard.pages import page, show
from vedette.server.secrets import SecretError

KEPT_S = 1800
_NOT_ECHOED = frozenset({"csrfmiddlewaretoken", "password", "kept"})


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def add_camera(request: HttpRequest) -> HttpResponse:
    """The form, and what each of its buttons brings."""
    if request.method != "POST":
        return _show(request, {})
    given = {name: text.strip() for name, text in request.POST.dict().items()}
    if pick := given.get("pick"):
        given |= {"address": pick, "do": "test"}
    steps = {"search": _search, "test": _test}
    try:
        return steps.get(given.get("do", ""), _add)(request, given)
    except ConfigurationError as error:
        context = {"problem": in_words(error), "hint": error.hint, "given": given}
        return _show(request, context, 422)


def _search(request: HttpRequest, given: dict[str, str]) -> HttpResponse:
    chosen = request.POST.getlist("interface")
    found = search_network(request, chosen)
    return _show(request, {"given": given, "searched": True, "devices": found, "chosen": chosen})


def _test(request: HttpRequest, given: dict[str, str]) -> HttpResponse:
    if not given.get("address"):
        raise ConfigurationError("Address: paste the address of the camera, or search the network.")
    found = try_out(request, _wanted(given))
    context: dict[str, Any] = {"given": given, "found": found}
    if found.main is not None:
        context |= {"picture": picture_text(found.main), "kept": _keep(found), "name": _name(given, found)}
    return _show(request, context)


def _wanted(given: dict[str, str]) -> Wanted:
    address = given["address"]
    password = given.get("password") or _kept(given, address).get("password", "")
    transport = Transport.UDP if given.get("transport") == "udp" else Transport.TCP
    return Wanted(address, given.get("username", ""), password, transport)


def _add(request: HttpRequest, given: dict[str, str]) -> HttpResponse:
    camera = _added(request, given)
    messages.success(request, f"{camera.name} was added. Its first picture comes as soon as it answers.")
    return redirect("camera", camera.id)


def _added(request: HttpRequest, given: dict[str, str]) -> Camera:
    address = given.get("main_url") or given.get("address", "")
    if not address:
        raise ConfigurationError("Address: paste the address of the camera's stream.")
    kept = _kept(given, address)
    fields: dict[str, Any] = {
        "username": given.get("username") or kept.get("username"),
        "password": given.get("password") or kept.get("password"),
        "sub_url": _sub(given),
        "transport": given.get("transport"),
        "profile": given.get("profile"),
        "recording_mode": given.get("recording_mode"),
    }
    chosen = {name: value for name, value in fields.items() if value}
    return changes.add_camera(request, given.get("name", ""), address, principal(request).site_id, **chosen)


def _sub(given: dict[str, str]) -> str:
    if given.get("sub_address"):
        return given["sub_address"]
    return given.get("sub_url", "") if given.get("use_sub") == "on" else ""


def _keep(found: Finding) -> str:
    """The login that worked, for the next step, readable by nobody on the way."""
    assert found.main is not None
    if not found.password and not found.username:
        return ""
    login = {"username": found.username, "password": found.password}
    return vault().encrypt(json.dumps([host_of(found.main.url), time.time(), login]))


def _kept(given: dict[str, str], address: str) -> dict[str, str]:
    """The login that was kept, for the same host only, and not for long."""
    try:
        host, since_s, login = json.loads(vault().decrypt(given.get("kept", "")) or "[]")
    except (SecretError, ValueError):
        return {}
    good = host == host_of(address) and time.time() - since_s < KEPT_S
    return dict(login) if good else {}


def _name(given: dict[str, str], found: Finding) -> str:
    return given.get("name") or given.get("device") or found.name


def _show(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    given = context.get("given", {})
    Profile.default()
    common = {
        "section": "cameras",
        "form": {name: text for name, text in given.items() if name not in _NOT_ECHOED},
        "interfaces": interfaces(),
        "profiles": list(Profile.objects.all()),
        "modes": [(mode.value, MODES[mode][0]) for mode in RecordingMode],
        "is_first": not Camera.objects.exists(),
    }
    return show(request, "dashboard/add_camera.html", common | context, status)
