"""The browser of the page tests works."""

import pytest

from tests.support.browser import open_browser


@pytest.mark.browser
def test_a_page_runs_its_script() -> None:
    """Chromium starts and executes JavaScript."""
    with open_browser() as browser:
        page = browser.new_page()
        page.set_content("<p id=a></p><script>document.querySelector('#a').textContent = 6 * 7</script>")
        assert page.text_content("#a") == "42"
