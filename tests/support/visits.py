"""A person at a browser, with everything that goes wrong on the way."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.support.browser import open_browser
from tests.support.processes import PATIENCE_S, wait_until

expect.set_options(timeout=PATIENCE_S * 1000)

WIDE, PHONE = (1400, 900), (390, 844)

VIOLATIONS = (
    "addEventListener('securitypolicyviolation', (found) => console.error('CSP ' + found.violatedDirective));"
)


class Visit:
    """A logged-in person at a browser of some size; everything that goes wrong on the way is kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.faults: list[str] = []
        context.set_default_timeout(PATIENCE_S * 1000)
        context.add_init_script(VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("response", self._receive)

    def log_in(self, password: str, name: str = "admin") -> None:
        """Fill in the login form."""
        self.page.goto(f"{self.address}/login")
        self.page.fill("#id_username", name)
        self.page.fill("#id_password", password)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(f"{self.address}/")

    def go(self, path: str) -> Page:
        """Open a page."""
        self.page.goto(self.address + path)
        return self.page

    def wait_for(self, expression: str) -> None:
        """Wait until a JavaScript expression is true (the pages' policy forbids waiting inside them)."""
        wait_until(lambda: self.page.evaluate(expression), what=expression)

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.faults.append(text)

    def _receive(self, answer: Response) -> None:
        if answer.status >= 400:
            self.faults.append(f"{answer.status} {answer.url}")


Open = Callable[..., Visit]


@contextmanager
def visiting(
    address: str, password: str, *, name: str = "admin", borne: str = "(?!)", **common: Any
) -> Iterator[Open]:
    """Opens visits of people who are logged in; in the end nothing may have gone wrong in any of them.

    What is yielded takes the size of the window, the colour `scheme`, who it is (`name`; nobody is logged in
    as an empty one) and what else a browser's context takes.

    Args:
        address: of the house that is visited.
        password: everybody's.
        name: who visits when nobody is named.
        borne: a pattern of what may go wrong.
        common: what every browser's context takes.
    """
    visits: list[Visit] = []
    default = name
    with open_browser() as browser:

        def make(
            size: tuple[int, int] = WIDE, scheme: str = "light", name: str = default, **settings: Any
        ) -> Visit:
            viewport = {"width": size[0], "height": size[1]}
            context = browser.new_context(viewport=viewport, color_scheme=scheme, **(common | settings))
            visit = Visit(context, address)
            visits.append(visit)
            if name:
                visit.log_in(password, name)
            return visit

        yield make
    assert [fault for visit in visits for fault in visit.faults if not re.search(borne, fault)] == []
