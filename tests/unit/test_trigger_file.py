"""`triggers.toml`: what is taken, and the words in which anything else is refused."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import jobs.gcp.firestore
from handlers import REGISTRY
from jobs.errors import SettingsError
from jobs.payloads.secret_bindings import SecretBindings
from jobs.triggers.file import MAX_TRIGGERS, OWN_COLLECTIONS, load, own_topics, parse
from local.processes import ROOT
from tests.factories import some_settings

ORDER = """
[[trigger]]
name = "order-placed"
document = "orders/{id}"
on = "created"
type = "http.request"
[trigger.payload]
url = "https://shop.example.com/orders/{params.id}"
json = "{data}"
"""
UPLOAD = """
[[trigger]]
name = "table-uploaded"
bucket = "my-project-uploads"
on = "finalized"
prefix = "tables/"
suffix = ".csv"
type = "table.profile"
owner = "serviceAccount:shop@my-project.iam.gserviceaccount.com"
labels = { from = "uploads" }
[trigger.payload]
url = "{data.mediaLink}"
"""
MESSAGE = """
[[trigger]]
name = "picture-wanted"
topic = "pictures"
type = "image.thumbnail"
payload = { url = "{data.url}", width = 320, height = "{attributes.height?}" }
"""


def loaded(tmp_path: Path, text: str, **changes: object) -> None:
    file = tmp_path / "triggers.toml"
    file.write_text(text)
    load(some_settings(triggers=str(file), **changes), REGISTRY)


def test_each_kind_of_trigger() -> None:
    """A document's, an object's and a message's trigger each know the type of their events."""
    order, upload, message = parse(ORDER + UPLOAD + MESSAGE).values()
    assert (order.kind, order.event_type) == (
        "document",
        "google.cloud.firestore.document.v1.created",
    )
    assert upload.event_type == "google.cloud.storage.object.v1.finalized"
    assert message.event_type == "google.cloud.pubsub.topic.v1.messagePublished"
    assert order.principal == "trigger:order-placed"
    assert upload.principal == "serviceAccount:shop@my-project.iam.gserviceaccount.com"
    assert upload.labels == {"from": "uploads"}


def test_they_start(tmp_path: Path) -> None:
    """A payload whose fields come from the event is checked as far as it is known."""
    loaded(tmp_path, ORDER + UPLOAD + MESSAGE)


def test_the_file_as_it_comes(tmp_path: Path) -> None:
    """The repository's own file starts nothing; its examples, uncommented, are triggers."""
    text = (ROOT / "triggers.toml").read_text()
    assert parse(text) == {}
    examples = text.partition("# [[trigger]]")
    code = [line.removeprefix("#").removeprefix(" ") for line in examples[2].splitlines()]
    wanted = [line for line in code if "=" in line or line.startswith("[")]
    body = "[[trigger]]\n" + "\n".join(wanted)
    assert list(parse(body)) == ["order-placed", "table-uploaded", "picture-wanted"]
    loaded(tmp_path, body)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"created"', '"finalized"', "trigger 1 (order-placed): `on` is created, updated"),
        ('on = "created"', "", "`on` is missing: one of created"),
        ('document = "orders/{id}"', "", "give exactly one of `document`, `topic` and `bucket`"),
        ("[[trigger]]", '[[trigger]]\ntopic = "abc"', "give exactly one of"),
        ("[[trigger]]", '[[trigger]]\nprefix = "abc"', "are for a bucket's objects"),
        ("[[trigger]]", '[[trigger]]\ncolour = "blue"', "unknown field `colour`"),
        ("[[trigger]]", "[trigger]", "in double brackets"),
        ("[[trigger]]", "colour = 1\n[[trigger]]", "and no 'colour'"),
        ("[[trigger]]", "[[trigger]", "triggers.toml: "),
        ('name = "order-placed"', "", "missing required field `name`"),
        ('"order-placed"', '"Order"', "matching regex"),
        ('"order-placed"', '"a"', "matching regex"),
        ('"order-placed"', f'"{"a" * 40}"', "matching regex"),
        ("orders/{id}", "orders", "is a collection's path"),
        ("{params.id}", "{attributes.id}", "payload.url: there is no 'attributes'"),
        ("{params.id}", "{params.id", "payload.url: a brace alone"),
        ("[trigger.payload]", 'owner = "ada"\n[trigger.payload]', "owner"),
        ("[trigger.payload]", 'labels = { A = "b" }\n[trigger.payload]', "labels"),
        ('"http.request"', "7", "type"),
    ],
)
def test_a_wrong_entry(old: str, new: str, why: str) -> None:
    """The refusal names the file, the entry and what is wrong with it."""
    assert old in ORDER
    with pytest.raises(SettingsError) as refused:
        parse(ORDER.replace(old, new))
    assert why in str(refused.value)
    assert str(refused.value).startswith("triggers.toml")


def test_two_of_a_name() -> None:
    """A name stands for one trigger."""
    with pytest.raises(SettingsError, match="there are two triggers 'order-placed'"):
        parse(ORDER + ORDER)


def test_too_many() -> None:
    """There is a bound."""
    with pytest.raises(SettingsError, match="100 triggers at most"):
        parse("[[trigger]]\n" * (MAX_TRIGGERS + 1))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("http.request", "http.nothing", "There is no job type 'http.nothing'"),
        ('json = "{data}"', 'jason = "{data}"', "unknown field `jason`"),
        ('url = "https', 'body = "https', "missing required field `url`"),
        ('json = "{data}"', 'timeout_seconds = "x"', "at `$.payload.timeout_seconds`"),
        ('json = "{data}"', 'timeout_seconds = 1000\njson = "{data}"', "`$.payload.timeout"),
        ('json = "{data}"', 'headers = { A = { "$secret" = "x" } }', "no secret 'x'"),
        ("orders/{id}", "jobs/{id}", "takes in jobs, which Dormouse writes to"),
        ("orders/{id}", "events/{params}", "takes in events"),
        ("orders/{id}", "{id=**}", "takes in dead_letters"),
    ],
)
def test_what_would_never_work(tmp_path: Path, old: str, new: str, why: str) -> None:
    """What can be seen to fail, or to go round in circles, is refused at the start."""
    assert old in ORDER
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, ORDER.replace(old, new))
    assert why in str(refused.value)
    assert "trigger order-placed" in str(refused.value)


def test_a_secret_that_payloads_may_refer_to(tmp_path: Path) -> None:
    """A trigger's payload may refer to secrets, as any other may."""
    with_secret = ORDER.replace('json = "{data}"', 'headers = { A = { "$secret" = "token" } }')
    loaded(tmp_path, with_secret, secrets=SecretBindings.parse("token"))


@pytest.mark.parametrize("topic", ["dormouse-jobs", "dormouse-dead-letters", "job-events"])
def test_dormouses_own_topics(tmp_path: Path, topic: str) -> None:
    """A job for each job message would dispatch itself."""
    with pytest.raises(SettingsError, match="is a topic that Dormouse publishes to"):
        loaded(tmp_path, MESSAGE.replace('"pictures"', f'"{topic}"'), events_topic="job-events")


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that was named and is not there is no file without triggers."""
    missing = some_settings(triggers=str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml, which DORMOUSE_TRIGGERS names"):
        load(missing, REGISTRY)


def test_the_collections_are_the_stores() -> None:
    """Every collection that a store writes to is known here."""
    modules = [
        importlib.import_module(f"jobs.gcp.firestore.{found.name}")
        for found in pkgutil.iter_modules(jobs.gcp.firestore.__path__)
    ]
    written = {module.COLLECTION for module in modules if hasattr(module, "COLLECTION")}
    assert written <= OWN_COLLECTIONS
    assert len(written) > 2


def test_the_topics_are_the_deployments() -> None:
    """Another name of the deployment gives other names to its topics."""
    assert own_topics(some_settings(topic="shop-jobs")) == {"shop-jobs", "shop-dead-letters"}
