"""Every decoder of what comes from outside, under made-up input: only its documented errors."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from identity.bearer import bearer_token
from identity.claims import decoded_claims, unsigned_claims
from identity.errors import Unauthenticated
from identity.firebase import FirebaseVerifier
from identity.stripped import principal_of_stripped
from identity.tokens import principal_of
from jobs.dispatch.queue import JobMessage
from jobs.errors import InvalidRequest, UndecodableEvent, UndecodableMessage
from jobs.gcp.firestore.changes import DocumentEventData
from jobs.payloads.secret_references import Step, checked
from jobs.payloads.strict_json import check_json
from local.processes import ROOT
from tests.factories import a_job
from tests.fuzz.effort import tried
from tests.fuzz.made_up import EDITS, as_bytes, edited, like, with_parts_replaced
from tests.identity.forging import segment
from tests.identity.strangers import NOW, Bearer, verifier_of
from worker.envelope import open_envelope
from worker.events.cloud_events import read_event


def captured(name: str) -> Any:
    return json.loads((ROOT / f"tests/events/{name}.json").read_text())


AUDIENCE = "https://worker.example.com/jobs"
CLAIMS = Bearer("push@example.com", AUDIENCE).claims
FIREBASE = FirebaseVerifier("shop", verifier_of()._certificates)
PUSH = captured("pubsub-push")["body"] | {"deliveryAttempt": 3}
JOB_MESSAGE = json.loads(JobMessage.to(a_job()).encode())
CHANGE = captured("firestore-created")
SUBMISSION = {
    "type": "http.request",
    "payload": {"url": "https://example.com/", "headers": {"Authorization": {"$secret": "github"}}},
    "labels": {"team": "billing"},
    "delay_seconds": 1.5,
}


@tried
@given(like(PUSH))
def test_a_push(body: bytes) -> None:
    """A body is an envelope, or is refused as none."""
    with suppress(UndecodableMessage):
        open_envelope(body)


@tried
@given(like(JOB_MESSAGE))
def test_a_job_message(data: bytes) -> None:
    """A message is a job message, which can be written as one again, or is refused as none."""
    with suppress(UndecodableMessage):
        job_message = JobMessage.decode(data)
        assert JobMessage.decode(job_message.encode()).job_id == job_message.job_id


@tried
@given(
    headers=with_parts_replaced(CHANGE["headers"]).filter(lambda found: isinstance(found, dict)),
    kind=st.sampled_from(["google.cloud.storage.object.v1.finalized", ""]) | st.text(),
    body=like(PUSH),
)
def test_an_event(headers: Mapping[str, Any], kind: str, body: bytes) -> None:
    """A request is an event, or is refused as none."""
    texts = {name: str(value) for name, value in headers.items()} | {"ce-type": kind}
    with suppress(UndecodableEvent):
        read_event(texts, body)


NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
VALUES = st.recursive(
    st.one_of(
        NAMES.map(lambda text: {"string_value": text}),
        st.integers(-(2**63), 2**63 - 1).map(lambda number: {"integer_value": number}),
        st.floats().map(lambda number: {"double_value": number}),
        st.binary(max_size=9).map(lambda data: {"bytes_value": data}),
        st.builds(
            lambda seconds, nanos: {"timestamp_value": {"seconds": seconds, "nanos": nanos}},
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-(2**31), 2**31 - 1),
        ),
        st.just({}),
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda values: {"array_value": {"values": values}})
        | st.dictionaries(NAMES, inner, max_size=3).map(
            lambda fields: {"map_value": {"fields": fields}}
        )
    ),
    max_leaves=5,
)


def document_event(name: str, fields: Mapping[str, Any], edits: list[Any]) -> bytes:
    event = DocumentEventData()
    event.value.name = name
    for field, value in fields.items():
        event.value.fields[field].MergeFrom(type(event.value.fields[field])(**value))
    return edited(event.SerializeToString(), edits)


DOCUMENT_EVENTS = st.builds(
    document_event,
    st.sampled_from(["projects/p/databases/(default)/documents/orders/o-1", "", "orders"]),
    st.dictionaries(NAMES, VALUES, max_size=3),
    st.just([]) | EDITS,
)


@tried
@given(DOCUMENT_EVENTS | st.binary())
def test_a_documents_event(data: bytes) -> None:
    """A protobuf is a document's change, or is refused as none."""
    headers = {
        "ce-id": "1",
        "ce-source": "//firestore.googleapis.com/projects/p/databases/(default)",
        "ce-type": "google.cloud.firestore.document.v1.written",
        "content-type": "application/protobuf",
    }
    with suppress(UndecodableEvent):
        read_event(headers, data)


@tried
@given(st.none() | st.text() | st.text().map(lambda text: f"Bearer {text}"))
def test_an_authorization_header(header: str | None) -> None:
    """A header holds a token in one piece, or the caller is nobody."""
    with suppress(Unauthenticated):
        token = bearer_token(header)
        assert token
        assert not any(character.isspace() for character in token)


@tried
@given(st.text() | like(CLAIMS).map(segment))
def test_claims(encoded: str) -> None:
    """What is encoded is an object, or the caller is nobody; nobody else comes out of it."""
    with suppress(Unauthenticated):
        assert isinstance(decoded_claims(encoded), dict)
    with suppress(Unauthenticated):
        assert unsigned_claims(encoded, [AUDIENCE], NOW)["aud"] == AUDIENCE
    with suppress(Unauthenticated):
        stripped = f"{segment({})}.{encoded}.SIGNATURE_REMOVED_BY_GOOGLE"
        assert principal_of_stripped(stripped, [AUDIENCE], NOW).email


@tried
@given(with_parts_replaced(CLAIMS | {"iss": FIREBASE.issuer, "sub": "u1", "auth_time": 1}))
def test_whom_claims_name(claims: Any) -> None:
    """Checked claims of any content name somebody, or nobody."""
    found = {"iat": CLAIMS["iat"]} | (claims if isinstance(claims, dict) else {})
    if not isinstance(found["iat"], int | float):
        found["iat"] = CLAIMS["iat"]
    with suppress(Unauthenticated):
        assert principal_of(found | {"iss": CLAIMS["iss"]}).member
    with suppress(Unauthenticated):
        assert FIREBASE.user_of(found).member.startswith("firebase:")


@tried
@given(like(SUBMISSION))
def test_strict_json(data: bytes) -> None:
    """What passes means the same to two decoders, and can be decoded and written by all of ours."""
    try:
        check_json(data, 512 * 1024)
    except InvalidRequest:
        return
    mine = msgspec.json.decode(data)
    assert json.loads(data) == mine
    assert json.loads(msgspec.json.encode(mine)) == mine


@tried
@given(like(SUBMISSION["payload"]))
def test_references_to_secrets(payload: bytes) -> None:
    """A payload that passes is JSON in which no reference is left."""
    with suppress(InvalidRequest):
        text = checked(payload, _only_github)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            assert "$secret" not in _names(msgspec.json.decode(text))


def _only_github(name: str, _where: Sequence[Step]) -> None:
    if name != "github":
        raise InvalidRequest


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_names, value))
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set()


def test_the_fuzzers_reach_what_is_right() -> None:
    """The unchanged originals are taken: what is fuzzed is near the real thing."""
    message = open_envelope(as_bytes(PUSH)).message
    assert JobMessage.decode(message.data).job_id
    assert JobMessage.decode(as_bytes(JOB_MESSAGE)).job is not None
    assert unsigned_claims(segment(CLAIMS), [AUDIENCE], NOW) == CLAIMS
    check_json(as_bytes(SUBMISSION), 512 * 1024)
    assert checked(as_bytes(SUBMISSION["payload"]), _only_github)
