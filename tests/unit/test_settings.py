"""Settings: what is missing or wrong is refused at the start, in one clear sentence."""

import os
from typing import Any, Literal, get_args

import pytest

from jobs.errors import SettingsError
from jobs.payloads.secret_bindings import SecretBinding, SecretBindings
from jobs.settings.roles import Binding, Role
from jobs.settings.settings import GOOGLE_CERTIFICATES, Settings

Service = Literal["api", "worker"]

NEEDED: dict[Service, dict[str, str]] = {
    "api": {
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "DORMOUSE_API_AUDIENCES": "https://api.example.com",
    },
    "worker": {
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "DORMOUSE_WORKER_AUDIENCE": "https://worker.example.com",
        "DORMOUSE_PUSH_ACCOUNT": "push@my-project.iam.gserviceaccount.com",
        "DORMOUSE_SCHEDULER_ACCOUNT": "clock@my-project.iam.gserviceaccount.com",
        "DORMOUSE_EVENTARC_ACCOUNT": "eventarc@my-project.iam.gserviceaccount.com",
    },
}


def _settings(service: Service, **more: str) -> Settings:
    return Settings.from_environment(service, NEEDED[service] | more)


def _refusal(service: Service, **more: str) -> str:
    with pytest.raises(SettingsError) as refused:
        _settings(service, **more)
    return str(refused.value)


def test_defaults() -> None:
    """A service with what it needs takes the documented defaults for the rest."""
    assert _settings("api") == Settings(
        project="my-project", api_audiences=("https://api.example.com",)
    )
    assert _settings("api").certificates_url == GOOGLE_CERTIFICATES


BOUND = SecretBindings((SecretBinding("github-token"), SecretBinding("SMTP_2")))


@pytest.mark.parametrize("service", get_args(Service))
def test_what_is_missing(service: Service) -> None:
    """Without a variable that it needs, or with an empty one, a service says which."""
    for name in NEEDED[service]:
        for given in ({}, {name: ""}, {name: "  "}):
            environment = {n: v for n, v in NEEDED[service].items() if n != name} | given
            with pytest.raises(SettingsError) as refused:
                Settings.from_environment(service, environment)
            assert str(refused.value) == f"{name} is not set. See docs/settings.md."


def test_a_service_needs_nothing_of_the_other() -> None:
    """The API starts without the worker's settings, and the other way round."""
    assert _settings("api").push_account == ""
    assert _settings("worker").api_audiences == ()


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("GOOGLE_CLOUD_PROJECT", " example.com:old-project ", "project", "example.com:old-project"),
        ("DORMOUSE_DATABASE", "jobs", "database", "jobs"),
        ("DORMOUSE_TOPIC", "bells", "topic", "bells"),
        ("FIRESTORE_EMULATOR_HOST", "localhost:8083", "firestore_emulator", "localhost:8083"),
        ("FIRESTORE_EMULATOR_HOST", "", "firestore_emulator", None),
        ("PUBSUB_EMULATOR_HOST", "[::1]:8085", "pubsub_emulator", "[::1]:8085"),
        ("DORMOUSE_CERTIFICATES_URL", "http://localhost:8082/certs", "certificates_url", ...),
        ("K_REVISION", "worker-00042-bat", "revision", "worker-00042-bat"),
        ("DORMOUSE_API_AUDIENCES", " a , b,", "api_audiences", ("a", "b")),
        ("DORMOUSE_WORKER_AUDIENCE", "https://w.example/", "worker_audience", "https://w.example"),
        ("DORMOUSE_ALLOWED_HOSTS", "a:1, 10.0.0.1:80", "allowed_hosts", {"a:1", "10.0.0.1:80"}),
        ("DORMOUSE_ALLOWED_HOSTS", "", "allowed_hosts", set()),
        ("DORMOUSE_SECRETS", "github-token, SMTP_2", "secrets", BOUND),
        ("DORMOUSE_SECRETS_FOLDER", "/home/ada/secrets", "secrets_folder", "/home/ada/secrets"),
        ("DORMOUSE_FIREBASE_PROJECT", "our-app", "firebase_project", "our-app"),
        ("DORMOUSE_GATEWAY_ACCOUNT", "g@p.example", "gateway_account", "g@p.example"),
        (
            "DORMOUSE_CORS_ORIGINS",
            "https://a.example, http://localhost:3000",
            "cors_origins",
            {"https://a.example", "http://localhost:3000"},
        ),
        ("DORMOUSE_CORS_ORIGINS", "", "cors_origins", set()),
        (
            "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN",
            "false",
            "signature_checked_by_cloud_run",
            False,
        ),
        ("DORMOUSE_HANDLERS", "our.handlers", "handlers", "our.handlers"),
        ("DORMOUSE_HANDLER_PROCESSES", "1", "processes", 1),
        ("DORMOUSE_HANDLER_MEMORY_MIB", "64", "handler_memory_mib", 64),
    ],
)
def test_what_is_given(name: str, text: str, field: str, value: Any) -> None:
    """What is given is taken, without the blanks around it."""
    for service in get_args(Service):
        taken = getattr(_settings(service, **{name: text}), field)
        assert taken == (text if value is ... else value)


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("GOOGLE_CLOUD_PROJECT", "projects/my-project", "a name without blanks and slashes"),
        ("DORMOUSE_DATABASE", "my database", "a name without blanks and slashes"),
        ("DORMOUSE_TOPIC", "projects/p/topics/t", "a name without blanks and slashes"),
        ("FIRESTORE_EMULATOR_HOST", "http://localhost:8083", "of the form host:port"),
        ("FIRESTORE_EMULATOR_HOST", "localhost", "of the form host:port"),
        ("PUBSUB_EMULATOR_HOST", ":8085", "of the form host:port"),
        ("DORMOUSE_CERTIFICATES_URL", "file:///etc/passwd", "an http or https URL"),
        ("DORMOUSE_CERTIFICATES_URL", "certs.example.com", "an http or https URL"),
        ("DORMOUSE_API_AUDIENCES", " , ,", "one or more audiences, separated by commas"),
        ("DORMOUSE_PUSH_ACCOUNT", "push", "the email of a service account"),
        ("DORMOUSE_SCHEDULER_ACCOUNT", "a@b@c", "the email of a service account"),
        ("DORMOUSE_GATEWAY_ACCOUNT", "gateway", "the email of a service account"),
        ("DORMOUSE_FIREBASE_PROJECT", "projects/p", "a name without blanks and slashes"),
        *(
            (
                "DORMOUSE_CORS_ORIGINS",
                origin,
                "origins like https://app.example.com, separated by commas",
            )
            for origin in (
                "*",
                "null",
                "app.example.com",
                "https://*.example.com",
                "https://a.example/",
                "https://A.example",
                "https://a.example https://b.example",
                "file://x",
            )
        ),
        ("DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN", "1", "true or false"),
        ("DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN", "True", "true or false"),
        ("DORMOUSE_ALLOWED_HOSTS", "localhost", "host:port pairs, separated by commas"),
        ("DORMOUSE_ALLOWED_HOSTS", "a:1 b:2", "host:port pairs, separated by commas"),
        (
            "DORMOUSE_SECRETS",
            "../etc",
            "names of letters, digits, - and _, separated by commas, or a JSON list of bindings",
        ),
        ("DORMOUSE_HANDLERS", "handlers/mine.py", "the name of a Python module"),
        ("DORMOUSE_HANDLER_PROCESSES", "0", "a whole number from 1 up"),
        ("DORMOUSE_HANDLER_PROCESSES", "many", "a whole number from 1 up"),
        ("DORMOUSE_HANDLER_PROCESSES", "-1", "a whole number from 1 up"),
        ("DORMOUSE_HANDLER_PROCESSES", "²", "a whole number from 1 up"),
        ("DORMOUSE_HANDLER_MEMORY_MIB", "63", "a whole number from 64 up"),
    ],
)
@pytest.mark.parametrize("service", get_args(Service))
def test_what_is_wrong(service: Service, name: str, wrong: str, sentence: str) -> None:
    """A variable that makes no sense is refused by either service, with what it should be."""
    refusal = _refusal(service, **{name: wrong})
    assert refusal == f"{name} must be {sentence}, not {wrong.strip()!r}."


def test_signatures_are_checked_by_cloud_run_inside_it_only() -> None:
    """A worker that nobody checks tokens for does not start with the setting that says so."""
    name = "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN"
    inside = _settings("worker", K_SERVICE="dormouse-worker", **{name: "true"})
    assert inside.signature_checked_by_cloud_run
    assert not _settings("worker", K_SERVICE="dormouse-worker").signature_checked_by_cloud_run
    for more in ({}, {"K_SERVICE": " "}):
        assert _refusal("worker", **{name: "true"}, **more).startswith(f"{name} can be true inside")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080"),
        ("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"),
        ("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9023"),
        ("GCE_METADATA_HOST", "127.0.0.1"),
        ("DORMOUSE_CERTIFICATES_URL", "http://127.0.0.1/certs"),
    ],
)
@pytest.mark.parametrize("service", ["api", "worker"])
def test_nothing_stands_in_for_google_on_cloud_run(service: Service, name: str, value: str) -> None:
    """A development key or an emulator would be believed by a service that all can reach."""
    assert _settings(service, **{name: value})
    assert name in _refusal(service, K_SERVICE="dormouse-api", **{name: value})


def test_roles() -> None:
    """Roles are bindings in the style of IAM."""
    text = """[
        {"role": "submitter", "members": ["domain:example.com", "allAuthenticated"]},
        {"role": "operator", "members": ["user:ada@example.com", "serviceAccount:o@p.example"]},
        {"role": "viewer", "members": ["firebase:aB1", "allFirebase"], "types": ["http.*", "a.b"]}
    ]"""
    assert _settings("api", DORMOUSE_ROLES=text).roles == (
        Binding(Role.SUBMITTER, ("domain:example.com", "allAuthenticated")),
        Binding(Role.OPERATOR, ("user:ada@example.com", "serviceAccount:o@p.example"), ("*",)),
        Binding(Role.VIEWER, ("firebase:aB1", "allFirebase"), ("http.*", "a.b")),
    )
    assert _settings("api", DORMOUSE_ROLES="").roles == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("submitter", "malformed"),
        ("{}", "Expected `array`"),
        ('[{"role": "submitter"}]', "missing required field `members`"),
        ('[{"role": "admin", "members": []}]', "Invalid enum value 'admin'"),
        ('[{"role": "viewer", "members": ["ada@example.com"]}]', "'ada@example.com' is none of"),
        ('[{"role": "viewer", "members": ["user:"]}]', "'user:' is none of"),
        ('[{"role": "viewer", "members": ["firebase:"]}]', "'firebase:' is none of"),
        ('[{"role": "viewer", "members": [], "types": []}]', "grants nothing"),
        ('[{"role": "viewer", "members": [], "types": ["http"]}]', "'http' is neither"),
        ('[{"role": "viewer", "members": [], "types": ["*.request"]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": ["http*"]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": ["http.*.x"]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": ["Http.*"]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": [""]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": ["http.*\\n"]}]', "is neither"),
        ('[{"role": "viewer", "members": [], "types": "http.*"}]', "Expected `array`"),
        ('[{"role": "viewer", "members": ["allUsers"]}]', "'allUsers' is none of"),
        ('[{"role": "viewer", "members": ["group:g@example.com"]}]', "is none of"),
        ('[{"role": "viewer", "members": [], "condition": 1}]', "unknown field `condition`"),
        ("[" * 100_000, "Expected `object`"),
        ('[{"role": "viewer", "members": ["user:\udcff"]}]', "surrogates not allowed"),
    ],
)
def test_wrong_roles(text: str, reason: str) -> None:
    """Roles that make no sense are refused with the form and the reason: nobody gets in by them."""
    refusal = _refusal("api", DORMOUSE_ROLES=text)
    assert refusal.startswith("DORMOUSE_ROLES must be JSON like [")
    assert reason in refusal


def test_the_environment_is_the_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being given one, the settings come from the environment as it is then."""
    for name, value in NEEDED["api"].items():
        monkeypatch.setitem(os.environ, name, value)
    monkeypatch.setitem(os.environ, "DORMOUSE_TOPIC", "set-later")
    assert Settings.from_environment("api").topic == "set-later"
