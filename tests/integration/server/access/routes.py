"""Every route of the server: of pages, of the REST interface, of the admin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from vedette.server.accounts.policy import PUBLIC, SHARED, Permission
from vedette.server.api.access import Needs
from vedette.server.api.app import api

_PARAMETER = re.compile(r"[<{](?:(\w+):)?(\w+)[>}]")
_API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to ask.

    Attributes:
        path: with parameters as `{name}`.
        method: the only one of an operation; GET and POST are tried for pages.
        needs: what it declares: a permission, `public`, `shared event`; None when it declares nothing.
    """

    path: str
    method: str
    needs: str | None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters; a bare `name` with what it is of."""
        found = []
        for match in _PARAMETER.finditer(self.path):
            before = self.path[: match.start()].rstrip("/").rsplit("/", 1)[-1]
            found.append(f"{before}.name" if match[2] == "name" else match[2])
        return tuple(found)

    def filled(self, values: dict[str, str]) -> str:
        """The address with these in the place of the parameters."""
        wanted = iter(self.parameters)
        return _PARAMETER.sub(lambda _: values[next(wanted)], self.path)

    @property
    def shown(self) -> str:
        """The path as people read it."""
        return _PARAMETER.sub(lambda match: f"{{{match[2]}}}", self.path)


def pages() -> list[Route]:
    """Every view outside the REST interface and the admin, once for GET and once for POST."""
    found: dict[str, str | None] = {}
    for path, view in _views(get_resolver().url_patterns, "/"):
        found[path] = getattr(view, "vedette_permission", None)
    return [Route(path, method, needs) for path, needs in found.items() for method in _methods(path)]


def operations() -> list[Route]:
    """Every operation of the REST interface, and the three addresses that describe it."""
    found = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                needs = _needs(operation.auth_callbacks)
                found += [Route(_API + prefix + path, method, needs) for method in operation.methods]
    return found


def admin() -> list[str]:
    """The addresses of the admin, without parameters."""
    admin_urls = next(p for p in get_resolver().url_patterns if getattr(p, "app_name", "") == "admin")
    paths = [path for path, _ in _views(admin_urls.url_patterns, "/admin/", inside=True)]
    return [path for path in paths if not _PARAMETER.search(path) and "(" not in path]


def _methods(path: str) -> tuple[str, ...]:
    return ("GET",) if path in {"/metrics", "/api/health"} else ("GET", "POST")


def _needs(callbacks: Any) -> str | None:
    needed = [callback.permission for callback in callbacks or () if isinstance(callback, Needs)]
    return str(needed[0]) if len(needed) == 1 == len(callbacks) else None


def _views(patterns: list[Any], prefix: str, *, inside: bool = False) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        elif isinstance(pattern, URLResolver) and (inside or pattern.app_name not in {"admin", "ninja"}):
            yield from _views(pattern.url_patterns, path, inside=inside)


def is_declared(route: Route) -> bool:
    """Whether it says who may."""
    needs = route.needs or ""
    return needs in set(Permission) or needs == PUBLIC or needs.startswith(f"{SHARED} ")
