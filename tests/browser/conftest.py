"""A browser, a site to visit, and people who are signed in to it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from identity.certificates import Certificates, Fetched
from identity.tokens import Verifier
from local.cloud.identity import CERTIFICATES_MAX_AGE, Issuer
from tests.browser.site import MANY, PEOPLE, Site, open_site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. It ends with the module, as other tests run event loops of their own."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(
            "There is no Chromium here: apt-get install chromium, to test the console in it."
        )
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path)


@pytest.fixture(scope="module")
def site(issuer: Issuer) -> Iterator[Site]:
    fetched = Fetched(by_key_id=issuer.certificates, max_age=CERTIFICATES_MAX_AGE)
    certificates = Certificates("https://x.test", lambda: datetime.now(UTC), lambda _url: fetched)
    with open_site(issuer, Verifier(certificates), many=MANY) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(browser: Browser, site: Site) -> Iterator[dict[str, BrowserContext]]:
    """A window for each role, signed in by the pages that people use."""
    windows = {role: browser.new_context() for role in PEOPLE}
    for role, window in windows.items():
        page = window.new_page()
        sign_in(page, site, PEOPLE[role])
        page.close()
    yield windows
    for window in windows.values():
        window.close()


def sign_in(page: Page, site: Site, email: str) -> None:
    page.goto(f"{site.url}/console")
    page.get_by_role("link", name="Sign in").click()
    button = page.get_by_role("button", name=email, exact=True)
    if button.count():
        button.click()
    else:
        page.get_by_label("Another account").fill(email)
        page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{site.url}/console**")
