"""The console in use: what people press, type and watch, and what other sites can't do with it."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.job import transitions
from jobs.job.model import Attempt, AttemptOutcome, Job, JobError, LogLine, Progress, Status
from jobs.job.spec import JobSpec
from tests.browser.site import HOOK, OWNER, Site, served
from tests.factories import KEEP_FOR, a_schedule, a_webhook

HOSTILE = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    '"><img src=/pwned onerror="window.pwned = 1">',
    "' onmouseover='window.pwned = 1' x='",
    "</pre></textarea></title><svg onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}&lt;b&gt;&#34;",
    "\u202egnp.exe\u2028window.pwned=1//\x00",
)
_NUMBERS = itertools.count(0xE000)


@pytest.fixture
def page(people: dict[str, BrowserContext]) -> Iterator[Page]:
    """Of somebody who operates."""
    opened = people["operator"].new_page()
    yield opened
    opened.close()


@pytest.fixture
def job(site: Site) -> Job:
    """A job of its own for each test, which waits."""
    return site.harness.put(
        id=f"{next(_NUMBERS):032x}",
        type="text.echo",
        owner=f"user:{OWNER}",
        created_at=site.harness.clock(),
        run_at=site.harness.clock(),
    )


def changed(site: Site, job: Job, change: Callable[[Job], Job]) -> Job:
    return site.harness.store.save(change(job), before=job)


def test_a_page_follows_its_job(page: Page, site: Site, job: Job) -> None:
    """Status, progress, log and result appear without a reload."""
    now = site.harness.clock()
    page.goto(f"{site.url}/console/jobs/{job.id}")
    expect(page.locator("h1 .status")).to_have_text("queued")
    job = changed(site, job, lambda one: transitions.claim(one, now, worker="w"))
    expect(page.locator("h1 .status")).to_have_text("running")
    half = Progress(fraction=0.5, message="half-way")
    job = changed(site, job, lambda one: transitions.report(one, half))
    expect(page.get_by_text("half-way")).to_be_visible()
    line = LogLine(number=1, time=now, level="INFO", text="Opened the file.")
    job = changed(site, job, lambda one: transitions.say(one, [line]))
    expect(page.locator(".log")).to_contain_text("Opened the file.")
    changed(site, job, lambda one: transitions.succeed(one, now, '"done"', keep_for=KEEP_FOR))
    expect(page.locator("h1 .status")).to_have_text("succeeded")
    expect(page.get_by_text('"done"')).to_be_visible()


def test_a_page_that_follows_keeps_the_readers_place(page: Page, site: Site, job: Job) -> None:
    """What is selected, focused or unfolded isn't taken away by a newer state."""
    now = site.harness.clock()
    page.goto(f"{site.url}/console/jobs/{job.id}")
    button = page.get_by_role("button", name="Cancel")
    button.focus()
    changed(site, job, lambda one: transitions.claim(one, now, worker="w"))
    expect(page.locator("h1 .status")).to_have_text("running")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()


@pytest.mark.parametrize("agrees", [True, False])
def test_a_button_asks_before_it_cancels(page: Page, site: Site, job: Job, agrees: bool) -> None:
    """And does nothing if the answer is no."""
    page.on("dialog", lambda dialog: dialog.accept() if agrees else dialog.dismiss())
    page.goto(f"{site.url}/console/jobs/{job.id}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1 .status")).to_have_text("cancelled" if agrees else "queued")


def test_a_job_is_submitted_by_its_form(page: Page, site: Site) -> None:
    """From the list of types to the new job's page."""
    page.goto(f"{site.url}/console/job-types")
    page.get_by_role("link", name="text.echo").click()
    page.get_by_label("text", exact=False).first.fill("Grüße <b>")
    page.get_by_role("button", name="Submit the job").click()
    page.wait_for_url("**/console/jobs/*")
    expect(page.locator("h1")).to_contain_text("text.echo")
    assert "Grüße <b>" in page.inner_text("main")


def test_a_wrong_form_comes_back_as_it_was_typed(page: Page, site: Site) -> None:
    """With the reason."""
    page.goto(f"{site.url}/console/job-types/text.echo")
    page.get_by_label("times").fill("99")
    page.get_by_role("button", name="Submit the job").click()
    expect(page.get_by_role("alert")).to_contain_text("times")
    expect(page.get_by_label("times")).to_have_value("99")


def test_all_that_match_are_cancelled(page: Page, site: Site) -> None:
    """Page after page by itself, and then it says how many they were."""
    for number in range(150):
        site.harness.put(
            id=f"{0xCAFE0 + number:032x}",
            type="text.echo",
            owner=f"user:{OWNER}",
            labels={"run": "many"},
            created_at=site.harness.clock(),
            run_at=site.harness.clock(),
        )
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.url}/console/jobs?status=queued&label=run%3Dmany")
    page.get_by_role("button", name="Cancel all that match").click()
    expect(page.get_by_role("status")).to_contain_text("150 cancelled. That was all.")


def test_keys(page: Page, site: Site) -> None:
    """`?` lists them, `j` and `k` walk through rows, Enter opens one, `/` goes to the search."""
    page.goto(f"{site.url}/console/jobs")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    # It gives the focus back when it is closed, which a key must not overtake.
    expect(page.get_by_role("dialog")).to_be_hidden()
    for key in "jjk":
        page.keyboard.press(key)
    first = page.locator("tbody tr").first.get_by_role("link")
    expect(first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("j=k")
    expect(page.locator("#search")).to_have_value("j=k")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/jobs/*")


@pytest.mark.parametrize(("theme", "scheme"), [("Dark", "dark"), ("Light", "light")])
def test_a_theme_stays(page: Page, site: Site, theme: str, scheme: str) -> None:
    """On the page where it was chosen and on the next, whatever the system prefers."""
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.goto(f"{site.url}/console/jobs?status=failed")
    page.get_by_role("button", name=theme).click()
    page.wait_for_url("**/console/jobs?status=failed")
    page.goto(f"{site.url}/console")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == scheme
    page.get_by_role("button", name="System").click()


def test_without_a_script(people: dict[str, BrowserContext], site: Site, job: Job) -> None:
    """Pages and buttons work; a running job's page has to be loaded anew."""
    operator = people["operator"]
    assert operator.browser
    state = operator.storage_state()
    with operator.browser.new_context(java_script_enabled=False, storage_state=state) as window:
        page = window.new_page()
        page.goto(f"{site.url}/console/jobs/{job.id}")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("h1 .status")).to_have_text("cancelled")


def hostile_things(site: Site, number: int, text: str) -> list[str]:
    """The text in every place that callers, handlers and receivers write. Returns the pages."""
    harness, now = site.harness, site.harness.clock()
    thing = f"{0xBAD0 + number:032x}"
    error = JobError(code="handler_error", message=text, type=text, traceback=text)
    attempt = Attempt(
        number=1,
        started_at=now,
        ended_at=now,
        outcome=AttemptOutcome.FAILED,
        worker=text,
        error=error,
    )
    payload = msgspec.Raw(msgspec.json.encode({"text": text, text: [text]}))
    harness.put(
        id=thing,
        type="text.echo",
        owner=f"user:{text}",
        created_at=now,
        run_at=now,
        status=Status.RUNNING,
        payload=payload,
        labels={"name": text, text: "x"},
        error=error,
        attempts=(attempt,),
        attempt=2,
        max_attempts=3,
        started_at=now,
        progress=Progress(fraction=0.5, message=text),
        log=(LogLine(number=1, time=now, level="INFO", text=text),),
        notify=text,
    )
    harness.stores.schedules.create(
        a_schedule(
            id=thing,
            owner=f"user:{text}",
            description=text,
            template=JobSpec(type=text, payload=payload),
        )
    )
    harness.webhooks.create(
        a_webhook(id=thing, url=text, owner=f"user:{text}", description=text, types=(text,))
    )
    harness.dead_letters.add(
        DeadLetter(
            id=str(7000 + number),
            created_at=now,
            reason=Reason.UNDELIVERED,
            detail=text,
            data="e30=",
            deliveries=1,
            job_id=thing,
        )
    )
    return [f"/jobs/{thing}", "", "/jobs", "/schedules", "/webhooks", f"/webhooks/{thing}"]


@pytest.mark.parametrize(("number", "text"), list(enumerate(HOSTILE)))
def test_nothing_that_others_write_runs(page: Page, site: Site, number: int, text: str) -> None:
    """In no page: no script of theirs, no request, no element, no dialog."""
    wrong: list[str] = []
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda one: wrong.append(one.url) if "pwned" in one.url else None)
    page.on("console", lambda one: wrong.append(one.text) if "Policy" in one.text else None)
    for path in (*hostile_things(site, number, text), "/dead-letters"):
        page.goto(f"{site.url}/console{path}")
        assert page.evaluate("window.pwned") is None, path
        assert page.locator("main img, main script, main svg[onload], [onmouseover]").count() == 0
        links = page.eval_on_selector_all("a", "all => all.map(one => one.protocol)")
        assert set(links) <= {"http:"}, path
    assert wrong == []


@pytest.fixture(scope="module")
def evil(site: Site) -> Iterator[str]:
    """Another site, which frames the console and sends it a form."""
    app = Flask("evil")

    @app.get("/frame")
    def frame() -> str:
        return f'<iframe src="{site.url}/console"></iframe>'

    @app.get("/form/<job_id>")
    def form(job_id: str) -> str:
        target = f"{site.url}/console/actions/cancel"
        return (
            f'<form method=post action="{target}"><input name=id value="{job_id}">'
            "<input name=csrf value=x><button>Win</button></form>"
        )

    with served(app.wsgi_app) as url:
        yield url.replace("127.0.0.1", "localhost")


def test_no_site_frames_the_console(page: Page, evil: str) -> None:
    """So nobody can be made to click on it unseen."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.goto(f"{evil}/frame", wait_until="networkidle")
    assert any(re.search("frame-ancestors|X-Frame-Options", one) for one in said), said


def test_no_site_presses_a_button(page: Page, site: Site, evil: str, job: Job) -> None:
    """A form of another site is refused, and its page learns nothing."""
    page.goto(f"{evil}/form/{job.id}")
    with page.expect_response("**/console/actions/cancel") as answer:
        page.get_by_role("button", name="Win").click()
    assert answer.value.status == 403
    assert site.harness.store.get(job.id) == job


def test_no_script_reads_the_session(page: Page, site: Site) -> None:
    """Not even the console's own."""
    page.goto(f"{site.url}/console")
    assert page.evaluate("document.cookie") == ""
    cookies: list[Any] = page.context.cookies(site.url)
    session = next(one for one in cookies if one["name"] == "__Host-dormouse")
    assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Lax")


def test_somebody_signs_out(people: dict[str, BrowserContext], site: Site) -> None:
    """And the page asks to sign in."""
    viewer = people["viewer"]
    assert viewer.browser
    with viewer.browser.new_context(storage_state=viewer.storage_state()) as window:
        page = window.new_page()
        page.goto(f"{site.url}/console/webhooks/{HOOK}")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        page.goto(f"{site.url}/console")
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
