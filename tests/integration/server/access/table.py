"""The matrix of routes and people as a table, and the page of the reference that holds it."""

from pathlib import Path

from tests.integration.server.access.routes import Route

PAGE = Path(__file__).resolve().parents[4] / "docs/reference/access-matrix.md"
COMMAND = "VEDETTE_UPDATE_DOCS=1 pytest tests/integration/server/access"

_SHORT = {"yes": "yes", "login": "·", "no": "no", "not understood": "yes"}
_HEAD = f"""# Who may use which route

What was heard by everybody on every route, as the tests of the server noted it
(`{COMMAND}`).

*yes*: let in. *no*: known, and refused. *·*: sent to the login, or 401. *not there*: let in, but the object
is for others. In every row, things of another site, and for the
viewer of one camera those of another camera, were not there (404) and named nowhere.

An administrator of another site is let in like every administrator, and sees that other site. A share link
opens `/shared/...` and nothing else. What else there is to know: [access](../explanation/access.md).
"""


class Table:
    """Fills while the tests run."""

    def __init__(self) -> None:
        self.cells: dict[Route, dict[str, str]] = {}

    def note(self, route: Route, who: str, heard: str) -> None:
        """Fill a cell."""
        nothing_recorded = route.method == "HEAD" and heard == "not there"
        self.cells.setdefault(route, {})[who] = "yes" if nothing_recorded else heard

    def text(self, people: list[str]) -> str:
        """The page."""
        head = ["Route", "Needs", *people]
        lines = [_HEAD, f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for route, heard in sorted(self.cells.items(), key=lambda item: (item[0].shown, item[0].method)):
            if "no such method" in heard.values():
                continue
            cells = [_SHORT.get(heard[who], heard[who]) for who in people]
            lines.append(f"| {route.method} `{route.shown}` | {route.needs} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"

    def is_full(self, people: list[str]) -> bool:
        """Whether everybody has been everywhere."""
        return bool(self.cells) and all(set(people) <= set(heard) for heard in self.cells.values())
