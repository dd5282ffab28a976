"""What to look for and how hard: the profiles, and which of them a camera uses."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.camera import ANIMALS, DEFAULT_LABELS, VEHICLES
from vedette.domain.errors import ConfigurationError, ModelError
from vedette.models.catalogue import built_in_catalogue
from vedette.models.store import ModelStore
from vedette.server.accounts.policy import Permission, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.cameras import find_camera
from vedette.server.cameras import changes, service
from vedette.server.cameras.models import Profile
from vedette.server.dashboard import camera_forms
from vedette.server.dashboard.camera import done, show_camera, show_problem
from vedette.server.dashboard.pages import page, show

_FAMILIES = (("People", ("person",)), ("Vehicles", VEHICLES), ("Animals", ANIMALS))


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def detection(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Whether a camera is looked at, and by which profile."""
    camera = find_camera(request, camera_id)
    context = {"profiles": list(Profile.objects.all()), **profile_context(request, camera.profile)}
    if request.method != "POST":
        return show_camera(request, camera, "detection", context)
    wanted = camera_forms.switch_changes(request.POST)
    if name := request.POST.get("profile"):
        wanted["profile"] = name
    try:
        token = changes.change_camera(request, camera, wanted)
    except ConfigurationError as error:
        return show_problem(request, camera.id, "detection", context, error)
    return done(request, camera, "detection", token)


@page(Permission.ADMINISTER, "POST")
def camera_profile(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Change the profile that a camera uses, or (`do=copy`) make one of its own from it."""
    camera = find_camera(request, camera_id)
    try:
        wanted = camera_forms.profile_changes(request.POST)
        if request.POST.get("do") == "copy":
            made = _copy(request, camera.profile, wanted, f"{camera.name}"[:100])
            changes.change_camera(request, camera, {"profile": made.name})
            messages.success(request, f"{camera.name} has the profile {made.name} now; others keep theirs.")
        else:
            changes.change_profile(request, camera.profile, wanted)
    except ConfigurationError as error:
        context = {"profiles": list(Profile.objects.all()), **profile_context(request, camera.profile)}
        return show_problem(request, camera.id, "detection", context, error)
    return done(request, find_camera(request, camera_id), "detection", "")


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def profiles(request: HttpRequest) -> HttpResponse:
    """Every profile with the cameras that use it; a new one."""
    context: dict[str, Any] = {"section": "cameras"}
    if request.method == "POST":
        try:
            made = _copy(request, Profile.default(), {}, request.POST.get("name", "").strip())
            return redirect("profile-edit", made.pk)
        except ConfigurationError as error:
            context |= {"problem": camera_forms.in_words(error), "hint": error.hint}
    Profile.default()
    seen = Prefetch("cameras", visible_cameras(principal(request)))
    context["profiles"] = list(Profile.objects.prefetch_related(seen))
    return show(request, "dashboard/profiles.html", context, 422 if "problem" in context else 200)


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def profile(request: HttpRequest, profile_id: int) -> HttpResponse:
    """One profile: change, rename, remove."""
    found = _find(profile_id)
    context: dict[str, Any] = {"section": "cameras", **profile_context(request, found)}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "remove":
                changes.remove_profile(request, found)
                messages.success(request, f"The profile {found.name} was removed.")
                return redirect("profiles")
            changes.change_profile(request, found, camera_forms.profile_changes(request.POST))
            messages.success(request, "Saved. Every camera with this profile follows within a second.")
            return redirect("profile-edit", found.pk)
        except ConfigurationError as error:
            context |= {
                "problem": camera_forms.in_words(error),
                "hint": error.hint,
                "chosen": _find(profile_id),
            }
    return show(request, "dashboard/profile.html", context, 422 if "problem" in context else 200)


def profile_context(request: HttpRequest, found: Profile) -> dict[str, Any]:
    """What the form of a profile shows."""
    others = [label for label in found.labels if label not in DEFAULT_LABELS]
    return {
        "chosen": found,
        "families": [(word, labels) for word, labels in _FAMILIES],
        "others": ", ".join(others),
        "models": _models(found.model),
        "users": list(visible_cameras(principal(request)).filter(profile=found)),
    }


def _models(current: str) -> list[tuple[str, str]]:
    """The models that may be chosen, with a word about each; the current one even when nobody knows it."""
    try:
        entries = ModelStore(settings.HOME.models, settings.VEDETTE.models).entries()
    except ModelError:
        entries = built_in_catalogue()
    known = {name: entry.about for name, entry in entries.items()}
    return list(({current: ""} | known).items())


def _copy(request: HttpRequest, source: Profile, fields: dict[str, Any], name: str) -> Profile:
    copied = {field: getattr(source, field) for field in service.PROFILE_FIELDS}
    taken = set(Profile.objects.values_list("name", flat=True))
    free = next(
        one
        for one in (name, *(f"{name} {number}" for number in range(2, len(taken) + 3)))
        if one not in taken
    )
    return changes.change_profile(request, Profile(), copied | fields | {"name": free})


def _find(profile_id: int) -> Profile:
    found = Profile.objects.filter(pk=profile_id).first()
    if found is None:
        raise Http404("There is no such profile.")
    return found
