"""Errors that are meant for people: what was wrong, where, and what to do."""


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


class SourceError(VedetteError):
    """A camera, stream or file that cannot be opened or read."""


class UnauthorizedError(SourceError):
    """The camera refused the credentials."""


class UnsupportedCodecError(SourceError):
    """A stream whose codec cannot be decoded or recorded."""


class ModelError(VedetteError):
    """A model file that is missing, damaged, or of no known family."""


class StorageError(VedetteError):
    """A disk that is full, read-only or failing."""
