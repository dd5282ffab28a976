"""Response headers that every answer carries."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def content_security_policy(login_provider: str = "") -> str:
    """The policy of all pages; the form that begins a login may lead to the provider (its address)."""
    parts = urlsplit(login_provider)
    origin = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return "; ".join(
        f"{name} {words}" for name, words in (_POLICY | {"form-action": f"'self'{origin}"}).items()
    )


CONTENT_SECURITY_POLICY = content_security_policy(settings.VEDETTE.oidc.issuer)


class SecurityHeaders(MiddlewareMixin):
    """Adds the content security policy and keeps private answers out of shared caches."""

    def process_response(self, _request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add what the view did not set itself."""
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
