"""Where a camera is and how it lets Vedette in: addresses, login, and trying them out again."""

from django.http import HttpRequest, HttpResponse

from vedette.domain.camera import Transport
from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.api.cameras import find_camera
from vedette.server.api.finding import picture_text, try_out
from vedette.server.cameras.finding import Wanted
from vedette.server.cameras.models import Camera
from vedette.server.cameras.specs import vault
from vedette.server.dashboard import camera_forms
from vedette.server.dashboard.camera import answer, show_camera, show_problem
from vedette.server.dashboard.pages import page
from vedette.server.secrets import SecretError


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def connection(request: HttpRequest, camera_id: str) -> HttpResponse:
    """The addresses and the login of a camera; `do=test` tries them out as they stand in the form."""
    camera = find_camera(request, camera_id)
    if request.method == "POST" and request.POST.get("do") == "test":
        return _try(request, camera)
    return answer(request, camera, "connection", {}, camera_forms.connection_changes)


def _try(request: HttpRequest, camera: Camera) -> HttpResponse:
    given = camera_forms.connection_changes(request.POST)
    address = given.get("main_url") or camera.main_url
    try:
        wanted = Wanted(
            address=address,
            username=given.get("username", camera.username),
            password=given["password"] if "password" in given else _stored(camera, address),
            transport=Transport(given.get("transport", camera.transport)),
        )
        found = try_out(request, wanted)
    except (ConfigurationError, ValueError) as error:
        problem = error if isinstance(error, ConfigurationError) else ConfigurationError(str(error))
        return show_problem(request, camera.id, "connection", {}, problem)
    picture = picture_text(found.main) if found.main else ""
    context = {"found": found, "picture": picture, "typed": request.POST}
    return show_camera(request, camera, "connection", context)


def _stored(camera: Camera, address: str) -> str:
    """The stored password, for the stored host only: it is not to be had by naming another."""
    same = camera_forms.host_of(address) == camera_forms.host_of(camera.main_url)
    if not camera.has_password or not same:
        return ""
    try:
        return vault().decrypt(camera.password_encrypted)
    except SecretError:
        return ""
