"""The console's routes. Pages, and what they need, are loaded with the first that is asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.auth.callers import public
from api.dependencies import deps
from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated

if TYPE_CHECKING:
    from api.console.pages import Pages
    from api.console.sign_in import WebClient

routes = Blueprint("console", __name__, url_prefix="/console")
HOME: Final = "/console"
_FILES: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_BAD, _UNAUTHENTICATED, _TOO_LARGE = 400, 401, 413

View = Callable[["Pages"], str]


@routes.get("")
@public
def overview() -> AnyResponse:
    return _page(lambda pages: pages.overview(request.args.get("type", "")))


@routes.get("/jobs")
@public
def jobs() -> AnyResponse:
    return _page(lambda pages: pages.jobs(request.args))


@routes.get("/jobs/<job_id>")
@public
def job(job_id: str) -> AnyResponse:
    return _page(lambda pages: pages.job(job_id))


@routes.get("/jobs/<job_id>/events")
@public
def job_events(job_id: str) -> AnyResponse:
    """The API's own stream: a browser can't send it a token."""
    from werkzeug.test import EnvironBuilder, run_wsgi_app  # noqa: PLC0415 - with the first page

    from api.console import session  # noqa: PLC0415 - likewise

    headers = [("Authorization", f"Bearer {session.token()}")]
    if last := request.headers.get("Last-Event-ID"):
        headers.append(("Last-Event-ID", last))
    asked = EnvironBuilder(path=f"/v1/jobs/{quote(job_id, safe='')}/events", headers=headers)
    parts, status, answered = run_wsgi_app(current_app.wsgi_app, asked.get_environ())
    return Response(parts, status, content_type=answered.get("Content-Type"))


@routes.get("/job-types")
@public
def job_types() -> AnyResponse:
    return _page(lambda pages: pages.job_types())


@routes.get("/job-types/<name>")
@public
def job_type(name: str) -> AnyResponse:
    return _page(lambda pages: pages.job_type(name))


@routes.get("/schedules")
@public
def schedules() -> AnyResponse:
    return _page(lambda pages: pages.schedules(request.args.get("type", "")))


@routes.get("/webhooks")
@public
def webhooks() -> AnyResponse:
    return _page(lambda pages: pages.webhooks())


@routes.get("/webhooks/<webhook_id>")
@public
def webhook(webhook_id: str) -> AnyResponse:
    return _page(lambda pages: pages.webhook(webhook_id))


@routes.get("/dead-letters")
@public
def dead_letters() -> AnyResponse:
    return _page(lambda pages: pages.dead_letters())


@routes.post("/actions/<name>")
@public
def act(name: str) -> AnyResponse:
    """What a button does. Then the page that shows what became of it."""
    from api.console import session  # noqa: PLC0415 - with the first page
    from api.console.actions import ACTIONS  # noqa: PLC0415 - likewise
    from api.console.forms import WrongField  # noqa: PLC0415 - likewise
    from api.console.inside import Api, Refused  # noqa: PLC0415 - likewise

    session.check_form(_client().secret)
    form = request.form.to_dict()
    if name not in ACTIONS or not form.get("id"):
        raise PermissionDenied("There is no such button.")
    try:
        return redirect(ACTIONS[name](Api(session.token()), form), 303)
    except (Refused, WrongField) as error:
        refused = error if isinstance(error, Refused) else Refused(_BAD, {"detail": str(error)})
        if name == "submit" and refused.status in {_BAD, _TOO_LARGE}:
            return _page(lambda pages: pages.job_type(form["id"], form, str(refused)), _BAD)
        return _page(lambda pages: pages.refused(refused), refused.status)


@routes.post("/bulk")
@public
def change_many() -> AnyResponse:
    """One page of the jobs that match a filter; the page that comes back asks for the next."""
    from api.console import session  # noqa: PLC0415 - with the first page

    session.check_form(_client().secret)
    form = request.form.to_dict()
    return _page(lambda pages: pages.bulk(form))


@routes.get("/sign-in")
@public
def sign_in() -> AnyResponse:
    """On the way to Google."""
    from api.console import session  # noqa: PLC0415 - with the first page
    from api.console.sign_in import Attempt  # noqa: PLC0415 - likewise

    client = _client()
    onward = request.args.get("onward", HOME)
    attempt = Attempt.new(onward if _is_ours(onward) else HOME, deps().runtime.random_bytes)
    response = redirect(client.address(attempt, _back()), 303)
    session.keep(response, session.ATTEMPT, attempt.written(), session.ATTEMPT_SECONDS)
    return response


@routes.get("/signed-in")
@public
def signed_in() -> AnyResponse:
    """Back from Google, with a code or with the reason why there is none."""
    from api.console import session  # noqa: PLC0415 - with the first page
    from api.console.sign_in import Attempt  # noqa: PLC0415 - likewise

    client = _client()
    attempt = Attempt.read(request.cookies.get(session.ATTEMPT, ""))
    state, code = request.args.get("state", ""), request.args.get("code", "")
    if attempt is None or attempt.state != state or not code:
        return _signed_out("The sign-in was not completed. Try again.")
    try:
        token = client.token(code, attempt, _back())
        deps().issuers.verify(token, deps().settings.api_audiences)
    except (Unauthenticated, IdentityUnavailable) as error:
        return _signed_out(str(error))
    response = redirect(attempt.onward, 303)
    session.keep(response, session.SESSION, token)
    session.forget(response, session.ATTEMPT)
    return response


@routes.post("/sign-out")
@public
def sign_out() -> AnyResponse:
    from api.console import session  # noqa: PLC0415 - with the first page

    session.check_form(_client().secret)
    response = _signed_out("You are signed out.", 200)
    session.forget(response, session.SESSION)
    return response


@routes.post("/theme")
@public
def choose_theme() -> AnyResponse:
    """Keep the theme that was chosen, and go back to the page it was chosen on."""
    from api.console import session  # noqa: PLC0415 - with the first page

    session.check_form(_client().secret)
    came_from = urlsplit(request.headers.get("Referer", ""))
    page = f"{came_from.path}?{came_from.query}".rstrip("?")
    response = redirect(page if _is_ours(page) else HOME, 303)
    chosen = request.form.get("theme", "")
    session.keep(response, session.THEME, chosen, session.THEME_SECONDS)
    return response


@routes.get("/<any('console.css', 'console.js', 'icon.svg'):name>")
@public
def file(name: str) -> AnyResponse:
    from api.console.pages import static  # noqa: PLC0415 - with the first page

    response = Response(static(name), content_type=f"{_FILES[name]}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)


def _page(view: View, status: int = 200) -> AnyResponse:
    from api.console import session  # noqa: PLC0415 - with the first page
    from api.console.inside import Api, Refused  # noqa: PLC0415 - likewise
    from api.console.offers import Offers  # noqa: PLC0415 - likewise
    from api.console.pages import Pages, Reader  # noqa: PLC0415 - likewise

    if not deps().settings.console_client_id:
        return _signed_out("", 404)
    if not session.token():
        return _signed_out("", _UNAUTHENTICATED)
    api = Api(session.token())
    try:
        reader = Reader(
            me=api.get("/v1/me"),
            offers=Offers(session.caller()),
            proof=session.proof(_client().secret),
            theme=session.theme(),
        )
    except Refused as refused:
        return _signed_out(str(refused), refused.status)
    pages = Pages(api, reader, deps().runtime.now())
    try:
        return session.page(view(pages), status)
    except Refused as refused:
        return session.page(pages.refused(refused), refused.status)


def _signed_out(why: str, status: int = _UNAUTHENTICATED) -> AnyResponse:
    from api.console import session  # noqa: PLC0415 - with the first page
    from api.console.pages import signed_out  # noqa: PLC0415 - likewise

    is_on = bool(deps().settings.console_client_id)
    onward = request.full_path.rstrip("?") if request.method == "GET" else HOME
    onward = onward if _is_ours(onward) else HOME
    return session.page(signed_out(why, onward, is_on=is_on, theme=session.theme()), status)


def _client() -> "WebClient":
    from api.console.sign_in import WebClient  # noqa: PLC0415 - with the first page

    settings = deps().settings
    if not settings.console_client_id:
        raise PermissionDenied("The console is switched off.")
    return WebClient(
        id=settings.console_client_id,
        secret=settings.console_client_secret,
        stand_ins=settings.sign_in_urls,
    )


def _back() -> str:
    from api.console import session  # noqa: PLC0415 - with the first page

    return f"{session.origin()}{HOME}/signed-in"


def _is_ours(path: str) -> bool:
    """Whether it is a page to come back to, rather than another site's or a step of the sign-in."""
    steps = (f"{HOME}/sign-in", f"{HOME}/signed-in")
    plain = path.isascii() and not any(sign in path for sign in "\\\r\n") and "//" not in path
    return plain and path.startswith(HOME) and not path.startswith(steps)
