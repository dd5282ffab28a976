"""What the camera's pages show of its settings."""

from django import template

from vedette.server.cameras.finding import Stream
from vedette.server.dashboard import formats
from vedette.server.dashboard.camera_forms import GIGABYTE

register = template.Library()


@register.filter
def gigabytes(size_bytes: int | None) -> str:
    """`12.5` for 12,500,000,000; nothing for no limit."""
    return "" if size_bytes is None else f"{size_bytes / GIGABYTE:g}"


@register.filter
def times_100(share: float) -> str:
    """A share as percent, without needless digits."""
    return f"{share * 100:.6g}"


@register.filter
def of_label(scores: dict[str, float], label: str) -> str:
    """The score that a profile asks for of a label; nothing when it is the common one."""
    return f"{scores[label]:g}" if label in scores else ""


@register.filter
def described(stream: Stream) -> str:
    """`1920 × 1080, 25 fps, H.264, sound`."""
    found = stream.probed
    parts = [
        f"{found.width} × {found.height}",
        f"{found.fps:.0f} fps" if found.fps else "",
        formats.codec(found.codec),
    ]
    return ", ".join([*filter(None, parts), *(["with sound"] if found.audio else [])])
