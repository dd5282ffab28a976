"""Static files by WhiteNoise, served whole: they are small, and no event loop waits for a disk."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(MiddlewareMixin):
    """Answers for the files that were there when the process started; they are public."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self._files = WhiteNoiseMiddleware(get_response).files

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer when the path is that of a file."""
        file = self._files.get(request.path_info)
        if file is None:
            return None
        answer = file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        return HttpResponse(body, status=int(answer.status), headers=dict(answer.headers))
