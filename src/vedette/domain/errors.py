"""Errors that are meant for people: what was wrong, where, and what to do."""

from enum import StrEnum


class VedetteError(Exception):
    """Base of every error that Vedette raises on purpose.

    Attributes:
        hint: what the reader can do about it; empty when the message says it all.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}".strip() if self.hint else message


class ConfigurationError(VedetteError):
    """A setting, a camera or a profile that cannot be used as it is."""


class Trouble(StrEnum):
    """What kind of thing is wrong with a camera's stream, for programs; people read the message."""

    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNKNOWN_NAME = "unknown_name"
    SILENT = "silent"
    NOT_A_CAMERA = "not_a_camera"
    UNSUPPORTED_CODEC = "unsupported_codec"
    TOO_MANY_VIEWERS = "too_many_viewers"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REDIRECTED = "redirected"
    OTHER = "other"


class SourceError(VedetteError):
    """A camera, stream or file that cannot be opened or read."""

    def __init__(self, message: str, *, hint: str = "", trouble: Trouble = Trouble.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.trouble = trouble


class UnauthorizedError(SourceError):
    """The camera refused the credentials."""

    def __init__(self, message: str, *, hint: str = "", trouble: Trouble = Trouble.UNAUTHORIZED) -> None:
        super().__init__(message, hint=hint, trouble=trouble)


class UnsupportedCodecError(SourceError):
    """A stream whose codec cannot be decoded or recorded."""

    def __init__(self, message: str, *, hint: str = "", trouble: Trouble = Trouble.UNSUPPORTED_CODEC) -> None:
        super().__init__(message, hint=hint, trouble=trouble)


class ModelError(VedetteError):
    """A model file that is missing, damaged, or of no known family."""


class StorageError(VedetteError):
    """A disk that is full, read-only or failing."""
