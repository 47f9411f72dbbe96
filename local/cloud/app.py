"""What the local cloud answers over HTTP."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from flask import Flask, Response, abort, request

from local.cloud.faults import FaultPlan, Faults
from local.cloud.identity import CERTIFICATES_MAX_AGE, Issuer
from local.cloud.settings import DEFAULT_ACCOUNT
from local.cloud.sign_in import SignIn, sign_people_in
from local.cloud.websites import refuse_websites


def create_app(
    issuer: Issuer,
    faults: Faults,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    faults_token: str = "",
) -> Flask:
    """Plans of faults are taken only with the token, and without one not at all."""
    app = Flask("local", static_folder=None)
    refuse_websites(app)
    _give_identity(app, issuer)
    sign_people_in(app, SignIn(issuer, now))
    if faults_token:
        _take_fault_plans(app, faults, faults_token)

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok", content_type="text/plain")

    @app.get("/hello")
    def hello() -> Response:
        """Something harmless for jobs to call."""
        return _json({"hello": "from the local cloud"})

    return app


def _give_identity(app: Flask, issuer: Issuer) -> None:
    @app.get("/certs")
    def certificates() -> Response:
        """In the form of https://www.googleapis.com/oauth2/v1/certs."""
        response = _json(dict(issuer.certificates))
        seconds = int(CERTIFICATES_MAX_AGE.total_seconds())
        response.headers["Cache-Control"] = f"public, max-age={seconds}, must-revalidate"
        return response

    @app.get("/computeMetadata/v1/instance/service-accounts/<account>/identity")
    def identity_token(account: str) -> Response:
        """As the metadata server, for any account.

        The header keeps web pages out: a browser does not send it to another site unasked.
        https://cloud.google.com/run/docs/securing/service-identity#fetching_identity_tokens
        """
        audience = request.args.get("audience")
        if request.headers.get("Metadata-Flavor") != "Google":
            abort(Response("Missing required header: Metadata-Flavor\n", 403))
        if not audience:
            abort(Response("non-empty audience parameter required\n", 400))
        email = DEFAULT_ACCOUNT if account == "default" else account
        return Response(issuer.token(email, audience), content_type="text/html")


def _take_fault_plans(app: Flask, faults: Faults, token: str) -> None:
    def check_token() -> None:
        # A job that may call the local cloud must not become a fault itself.
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            abort(Response("The token for faults is missing or wrong.\n", 401))

    @app.get("/faults")
    def show_faults() -> Response:
        check_token()
        return _json(faults.plan)

    @app.put("/faults")
    def set_faults() -> Response:
        check_token()
        try:
            faults.plan = msgspec.json.decode(request.get_data(), type=FaultPlan)
        except msgspec.DecodeError as error:
            abort(Response(f"{error}\n", 400))
        return _json(faults.plan)

    @app.delete("/faults")
    def end_faults() -> Response:
        check_token()
        faults.plan = None
        return Response(status=204)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json; charset=UTF-8")
