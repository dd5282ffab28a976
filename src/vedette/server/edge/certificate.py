"""The server's certificate: read at the start, and again whenever its files are renewed."""

import ssl
import threading
from pathlib import Path

import structlog

from vedette.domain.errors import ConfigurationError
from vedette.settings import Settings

CHECK_S = 20.0

_log = structlog.get_logger(__name__)


def context_of(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, or None when the server speaks HTTP.

    Raises:
        ConfigurationError: the certificate cannot be used.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return tls_context(settings.tls_cert, settings.tls_key)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for TLS 1.2 and newer.

    Raises:
        ConfigurationError: a file cannot be read, is none, or the two do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        context.load_cert_chain(certificate, key, password="")  # no prompt in a server
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"{certificate} and {key} are no certificate with its key: {error}.",
            hint="Both must be PEM; the key must not have a password.",
        ) from None


class Renewal:
    """Watches the files: new connections get the new certificate, open ones stay as they are.

    A renewal that cannot be used (half-written, key of another one) changes nothing and is tried again.
    """

    def __init__(
        self, context: ssl.SSLContext, certificate: Path, key: Path, *, check_s: float = CHECK_S
    ) -> None:
        self._context, self._files, self._check_s = context, (certificate, key), check_s
        self._stop = threading.Event()
        self._seen = self._state()
        self._thread = threading.Thread(target=self._run, name="certificate", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def check(self) -> bool:
        """Take a changed certificate over; whether there was one."""
        state = self._state()
        if state == self._seen:
            return False
        try:
            tls_context(*self._files)  # the one in use is touched only when all is well
            _load(self._context, *self._files)
        except ConfigurationError as error:
            _log.error("The renewed certificate cannot be used; the old one stays", error=str(error))
            return False
        self._seen = state
        _log.info("The certificate was renewed", file=str(self._files[0]))
        return True

    def _run(self) -> None:
        while not self._stop.wait(self._check_s):
            self.check()

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
