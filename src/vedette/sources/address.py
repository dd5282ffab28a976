"""Camera addresses: with credentials for the camera, without them for people."""

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from vedette.domain.camera import StreamSpec


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Attributes:
        shown: for messages and logs: no credentials, and no query, where some brands put them.
    """

    url: str
    username: str
    password: str

    @classmethod
    def of(cls, spec: StreamSpec) -> "Address":
        """From the stream's fields; credentials inside its URL count when the fields are empty."""
        url, user_info = _without_user_info(spec.filled_url())
        if spec.username or spec.password:
            return cls(url, spec.username, spec.password.value)
        username, _, password = user_info.partition(":")
        return cls(url, unquote(username), unquote(password))

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "...", "")) if parts.query else self.url

    @property
    def user_info(self) -> str:
        """Percent-encoded `user:password`, empty when there are none."""
        if not (self.username or self.password):
            return ""
        return f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"

    def with_credentials(self) -> str:
        """The address as libav wants it. Secret."""
        if not self.user_info:
            return self.url
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{self.user_info}@{rest}"

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"


def _without_user_info(url: str) -> tuple[str, str]:
    """The URL and its user info, even where a password holds unescaped `/`, `?`, `#` or `@`."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url, ""
    host = rest.split("/", 1)[0]
    raw_password = not host.rpartition(":")[2].isdigit() and ":" in host and not host.startswith("[")
    if "@" not in host and not raw_password:
        return url, ""
    area = rest if raw_password and "@" not in host else host
    user_info, at, _ = area.rpartition("@")
    return (f"{scheme}://{rest[len(user_info) + 1 :]}", user_info) if at else (url, "")
