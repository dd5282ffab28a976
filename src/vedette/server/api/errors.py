"""Errors in one shape: {"error": what was wrong, "hint": what to do}."""

from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
)
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from vedette.domain.errors import ConfigurationError, StorageError, VedetteError
from vedette.server.accounts.refusals import refuse

_log = structlog.get_logger(__name__)


def error_response(status: int, error: str, hint: str = "") -> JsonResponse:
    """An error as JSON."""
    answer = JsonResponse({"error": error, "hint": hint}, status=status)
    # A camera without a picture yet is no error of the server, as which Django would log it; what is, we log.
    answer._has_been_logged = status == 503  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def install(api: NinjaAPI) -> None:
    """Give every exception its status and the one shape."""
    handlers: dict[type[Exception], Any] = {
        ValidationError: _invalid,
        HttpError: lambda _, error: error_response(error.status_code, error.message),
        AuthenticationError: lambda *_: error_response(401, "Not logged in."),
        Http404: lambda _, error: error_response(404, str(error) or "There is no such thing."),
        VedetteError: _ours,
        OperationalError: _database,
        SuspiciousOperation: _suspicious,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 for what is not there, in the words of the view that found nothing if it has some."""
    if request.path.startswith("/api/"):
        return error_response(404, "There is no such address.", "See /api/v1/docs.")
    said = exception.args[0] if exception and exception.args else None
    words = said if isinstance(said, str) and said else "There is no such page."
    return refuse(request, 404, "Not found", words)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """400, with what to do when the server was asked for by a name it does not know."""
    if isinstance(exception, DisallowedHost):
        words = "The server is not known by this name. Add it to allowed_hosts (VEDETTE_ALLOWED_HOSTS)."
        return HttpResponseBadRequest(words, content_type="text/plain")
    return HttpResponseBadRequest("The request is malformed.", content_type="text/plain")


def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    problems = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors[:10]]
    return error_response(422, "; ".join(problems), "See /api/v1/docs for what is expected.")


def _place(location: tuple[str | int, ...]) -> str:
    parts = [str(part) for part in location if part not in {"body", "query", "path", "payload"}]
    return ".".join(parts) or "request"


def _ours(_: HttpRequest, error: VedetteError) -> HttpResponse:
    status = 422 if isinstance(error, ConfigurationError) else 503 if isinstance(error, StorageError) else 500
    return error_response(status, str(error.args[0]), error.hint)


def _database(_: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("The database does not answer", error=str(error))
    return error_response(503, "The database does not answer.", "Try again in a moment.")


def _suspicious(_: HttpRequest, error: Exception) -> HttpResponse:
    status = 413 if isinstance(error, RequestDataTooBig) else 400
    return error_response(
        status, "The request is too large." if status == 413 else "The request is malformed."
    )


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("A request failed", path=request.path, exc_info=error)
    return error_response(500, "Something went wrong on our side.", "The log of the server says what.")
