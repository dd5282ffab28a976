"""A person at a browser, with everything that goes wrong on the way."""

from playwright.sync_api import BrowserContext, Page, Response

from tests.support.processes import wait_until

VIOLATIONS = (
    "addEventListener('securitypolicyviolation', (found) => console.error('CSP ' + found.violatedDirective));"
)


class Visit:
    """A logged-in person at a browser of some size; everything that goes wrong on the way is kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.faults: list[str] = []
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
        wait_until(lambda: self.page.evaluate(expression), 20, what=expression)

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.faults.append(text)

    def _receive(self, answer: Response) -> None:
        if answer.status >= 400:
            self.faults.append(f"{answer.status} {answer.url}")
