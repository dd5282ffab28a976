"""Identifiers."""

import re

import uuid6

CAMERA_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def new_id() -> str:
    """A UUIDv7 (RFC 9562): unique, and sorted by the time it was made."""
    return str(uuid6.uuid7())


def camera_id_from(name: str) -> str:
    """A camera id made from a name for people: `Front door` gives `front-door`."""
    slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_")[:64]
    return slug or "camera"
