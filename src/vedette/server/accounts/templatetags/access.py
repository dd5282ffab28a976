"""How the audit log is put into words."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def deed(action: str) -> str:
    """`camera.changed` as `Camera changed`, `user.logged-in` as `User logged in`."""
    return action.replace(".", " ").replace("-", " ").replace("_", " ").capitalize()


@register.filter
def details(detail: object) -> str:
    """`{"fields": ["name"]}` as `fields: name`."""
    if not isinstance(detail, Mapping):
        return str(detail)
    return " · ".join(f"{str(name).replace('_', ' ')}: {_plain(value)}" for name, value in detail.items())


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, for a loop."""
    return text.split()


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None:
        return "none"
    return {"True": "yes", "False": "no"}.get(str(value), str(value))
