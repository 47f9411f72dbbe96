"""Files in Cloud Storage: which may be named, how they are asked for, and with whose token."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import msgspec
import pytest

from handlers import REGISTRY, outbound
from handlers.table_profile import ProfileTable, profile
from jobs.context import Context, PermanentError
from jobs.errors import InvalidRequest
from jobs.payloads.buckets import Buckets, bucket_and_object
from tests.handlers.network import Network
from tests.handlers.recording import a_context
from tests.handlers.test_tls import PUBLIC, Serve, serve_as
from tests.handlers.web import Web

__all__ = ["serve_as"]  # a fixture

TOKEN = "ya29.a-token-that-nobody-may-see"
METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"
OBJECT = "/storage/v1/b/uploads/o/tables%2Fa%20b%3F%C3%BC.csv"
URL = "gs://uploads/tables/a b?ü.csv"
CSV = b"city,people\nBern,134591\n"
NAMES = frozenset({"uploads"})


@pytest.fixture
def metadata() -> Iterator[Web]:
    """The metadata server, which gives a token to who asks as it wants to be asked."""
    with Web().serving() as serving:
        body = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
        serving.answer(METADATA, json.dumps(body).encode())
        yield serving


@pytest.fixture
def storage(serve_as: Serve, network: Network) -> Iterator[Web]:
    """Storage under its own name, with a certificate for it."""
    web = Web("https")
    network.names = {"storage.googleapis.com": [[PUBLIC]]}
    network.diverted = {PUBLIC: web.port}
    with web.serving(serve_as("storage.googleapis.com")) as serving:
        serving.answer(OBJECT, CSV)
        yield serving


def reading(metadata: Web, **changes: object) -> Context:
    return a_context(buckets=Buckets(names=NAMES, metadata_host=metadata.host_and_port), **changes)


def downloaded(ctx: Context, url: str = URL) -> bytes:
    target = BytesIO()
    outbound.download(ctx, url, target, at_most=1000, timeout=timedelta(seconds=20))
    return target.getvalue()


def test_a_file_is_read_as_the_service_account(storage: Web, metadata: Web) -> None:
    """The token comes from the metadata server and goes to Storage, and nowhere else."""
    assert downloaded(reading(metadata)) == CSV
    [asked] = metadata.received
    assert asked.headers["metadata-flavor"] == "Google"
    assert "authorization" not in asked.headers
    [got] = storage.received
    assert (got.method, got.path) == ("GET", f"{OBJECT}?alt=media")
    assert got.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_stand_in_gets_no_token(web: Web) -> None:
    """Where something stands in for Storage, nobody is asked for a token."""
    web.answer(OBJECT, CSV)
    ctx = a_context(buckets=Buckets(names=NAMES, emulator=web.url("").rstrip("/")))
    assert downloaded(ctx) == CSV
    assert "authorization" not in web.received[0].headers


def test_a_table_in_a_bucket_is_profiled(storage: Web, metadata: Web) -> None:
    """The job type reads it like any other file."""
    del storage
    profiled = profile.run(ProfileTable(url=URL), reading(metadata))
    assert profiled.rows == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_the_token_follows_no_redirect(storage: Web, metadata: Web, status: int) -> None:
    """Whatever Storage answers, no other server gets the token."""
    storage.answer(OBJECT, status=status, headers={"Location": metadata.url("/stolen")})
    with pytest.raises(PermanentError):
        downloaded(reading(metadata))
    assert [got.path for got in metadata.received] == [METADATA]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_final(
    storage: Web, metadata: Web, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """No right, or no such object: the job fails at once, and says nothing of the token."""
    caplog.set_level(logging.DEBUG)
    storage.answer(OBJECT, b"no", status=status)
    with pytest.raises(PermanentError) as failed:
        downloaded(reading(metadata))
    assert str(status) in str(failed.value)
    assert TOKEN not in str(failed.value) + caplog.text


def test_storage_in_trouble_is_tried_again(storage: Web, metadata: Web) -> None:
    """A passing fault of Storage is one of the attempt."""
    storage.answer(OBJECT, status=503)
    with pytest.raises(outbound.RetryableStatus):
        downloaded(reading(metadata))


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", f'{{"access_token": ["{TOKEN}"]}}'.encode()])
def test_no_token(storage: Web, metadata: Web, body: bytes) -> None:
    """Without a token Storage is not asked; what the metadata server said is kept to ourselves."""
    metadata.answer(METADATA, body)
    with pytest.raises(PermanentError, match="gave no access token") as failed:
        downloaded(reading(metadata))
    assert failed.value.__cause__ is None
    assert storage.received == []


def test_no_service_account(storage: Web, metadata: Web) -> None:
    """A metadata server that has no account to give a token of is told."""
    metadata.answer(METADATA, b"no", status=404)
    with pytest.raises(PermanentError, match="404"):
        downloaded(reading(metadata))
    assert storage.received == []


def test_the_metadata_server_stays_out_of_reach_for_handlers(metadata: Web) -> None:
    """That Storage is set up opens no way for a payload's own URL."""
    with (
        pytest.raises(PermanentError, match="not a public host"),
        outbound.request(reading(metadata), metadata.url(METADATA), timeout=timedelta(seconds=5)),
    ):
        pass
    assert metadata.received == []


@pytest.mark.parametrize("names", [frozenset(), frozenset({"other"})])
def test_another_bucket_is_not_read(storage: Web, metadata: Web, names: frozenset[str]) -> None:
    """The handler's process looks once more."""
    ctx = a_context(buckets=Buckets(names=names, metadata_host=metadata.host_and_port))
    with pytest.raises(PermanentError, match="may not read from the bucket 'uploads'"):
        downloaded(ctx)
    assert storage.received == metadata.received == []


PAYLOADS: list[tuple[str, Callable[[str], object]]] = [
    ("table.profile", lambda url: {"url": url}),
    ("image.thumbnail", lambda url: {"url": url, "width": 1, "height": 1}),
]


@pytest.mark.parametrize(("name", "payload"), PAYLOADS)
def test_which_files_a_payload_may_name(name: str, payload: Callable[[str], object]) -> None:
    """A bucket that the deployment does not name is refused when the job is submitted."""
    text = msgspec.json.encode(payload(URL))
    assert REGISTRY.with_buckets(NAMES).get(name).decode(text).url == URL
    with pytest.raises(InvalidRequest, match=r"DORMOUSE_BUCKETS\) - at `\$.payload`"):
        REGISTRY.get(name).decode(text)
    with pytest.raises(InvalidRequest, match="may not read from the bucket 'uploads'"):
        REGISTRY.with_buckets(frozenset({"uploads2"})).get(name).decode(text)


@pytest.mark.parametrize(
    "url",
    ["gs://", "gs://uploads", "gs://uploads/", "gs:///a", "gs://UPLOADS/a", "gs://a@b/c",
     "gs://uploads:80/a", "gs://../a", "gs://uploads/a\nb", f"gs://uploads/{'ü' * 513}", "GS://uploads/a"],
)  # fmt: skip
def test_no_files(url: str) -> None:
    """What is no gs://BUCKET/OBJECT is refused, whatever is allowed."""
    with pytest.raises(InvalidRequest):
        REGISTRY.with_buckets(NAMES).get("table.profile").decode(msgspec.json.encode({"url": url}))


def test_an_objects_name_is_taken_as_it_is() -> None:
    """Dots, slashes and question marks mean nothing in an object's name."""
    assert bucket_and_object("gs://b-1/../a/./b?x=1#y") == ("b-1", "../a/./b?x=1#y")


def test_calls_are_no_files() -> None:
    """`http.request` calls servers; a gs:// in its body is none of our business."""
    kind = REGISTRY.get("http.request")
    kind.decode(b'{"url": "https://example.com/", "json": {"file": "gs://any/file"}}')
    with pytest.raises(InvalidRequest, match="must begin with https"):
        REGISTRY.with_buckets(NAMES).get("http.request").decode(b'{"url": "gs://uploads/a"}')


def test_a_large_object(storage: Web, metadata: Web) -> None:
    """The bound on a file's size holds for Storage too."""
    storage.answer(OBJECT, b"x" * 1001)
    with pytest.raises(PermanentError, match="larger than"):
        downloaded(reading(metadata))
