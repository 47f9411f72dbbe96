"""The console's pages in a browser, in both themes, at three widths.

Each page by one of the roles in turn; by every role with `DORMOUSE_EVERY_ROLE=1`.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import sign_in
from tests.browser.site import HOOK, NAMED, PEOPLE, STRANGER, Site

PAGES = {
    "overview": "/console",
    "jobs": "/console/jobs",
    "jobs-filtered": "/console/jobs?status=failed&type=text.echo",
    "jobs-none": "/console/jobs?label=team%3Dnobody",
    **{f"job-{name}": f"/console/jobs/{job_id}" for name, job_id in NAMED.items()},
    "job-missing": f"/console/jobs/{'9' * 32}",
    "types": "/console/job-types",
    "type": "/console/job-types/text.echo",
    "schedules": "/console/schedules",
    "webhooks": "/console/webhooks",
    "webhook": f"/console/webhooks/{HOOK}",
    "letters": "/console/dead-letters",
}
MISSING = {"job-missing"}
WIDTHS = (360, 1024, 1600)
THEMES = ("light", "dark")
SHOTS = os.environ.get("DORMOUSE_SCREENSHOTS", "")
"""A folder for pictures of every page, for people to look at."""
EVERY_ROLE = bool(SHOTS or os.environ.get("DORMOUSE_EVERY_ROLE"))
CASES = [
    (name, role)
    for at, name in enumerate(PAGES)
    for number, role in enumerate(PEOPLE)
    if EVERY_ROLE or number == at % len(PEOPLE)
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Watch:
    """Everything that a page does and shouldn't."""

    def __init__(self, page: Page, site: Site) -> None:
        self.wrong: list[str] = []
        self._site = site
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, message: Any) -> None:
        # A browser reports an answer of 4xx as an error; here such pages are asked for.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self._site.url}/console", "data:")):
            self.wrong.append(f"request to {url}")


@pytest.mark.parametrize(("name", "role"), CASES)
def test_a_page_is_sound(
    people: dict[str, BrowserContext], site: Site, name: str, role: str
) -> None:
    """It breaks no rule of its policy, scrolls down only, and a screen reader can use it."""
    page = people[role].new_page()
    watch = Watch(page, site)
    answer = page.goto(site.url + PAGES[name], wait_until="load")
    assert answer
    assert (answer.status == 404) == (name in MISSING)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
            if SHOTS:
                path = Path(SHOTS) / f"{name}-{role}-{theme}-{width}.png"
                page.screenshot(path=path, full_page=True)
        found = Axe().run(page, options=WCAG)
        assert not found.response["violations"], found.generate_report()
    page.close()
    assert watch.wrong == []


def test_the_picture_in_the_readme(people: dict[str, BrowserContext], site: Site) -> None:
    """It is of a running job; `DORMOUSE_SCREENSHOTS=docs ... -k readme` makes it anew."""
    page = people["operator"].new_page()
    page.set_viewport_size({"width": 1200, "height": 760})
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/console/jobs/{NAMED['running']}")
    made = page.screenshot(path=Path(SHOTS) / "console.png" if SHOTS else None)
    page.close()
    kept = (Path(__file__).parents[2] / "docs" / "console.png").read_bytes()
    # A PNG's width and height: https://www.w3.org/TR/png-3/#11IHDR
    assert kept[:24] == made[:24]


def test_a_stranger_is_told_who_they_are(people: dict[str, BrowserContext], site: Site) -> None:
    """Somebody without a role can sign in, and reads what to ask for."""
    browser = people["operator"].browser
    assert browser
    with browser.new_context() as window:
        page = window.new_page()
        sign_in(page, site, STRANGER)
        assert STRANGER in page.inner_text("main")
        found = Axe().run(page, options=WCAG)
        assert not found.response["violations"], found.generate_report()
