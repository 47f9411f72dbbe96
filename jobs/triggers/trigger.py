"""What a deployment says of one trigger: which events start which job."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.job.labels import END, Labels
from jobs.triggers.pattern import Pattern
from jobs.triggers.template import check

MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
OBJECT_EVENT = "google.cloud.storage.object.v1."
DOCUMENT_EVENT = "google.cloud.firestore.document.v1."

_HAPPENINGS = {
    "document": ("created", "updated", "deleted", "written"),
    "topic": (),
    "bucket": ("finalized", "deleted"),
}
_ROOTS = {
    "document": frozenset({"event", "data", "before", "params"}),
    "topic": frozenset({"event", "data", "attributes"}),
    "bucket": frozenset({"event", "data"}),
}

Kind = Literal["document", "topic", "bucket"]
Name = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9-]{{0,37}}[a-z0-9]{END}")]
"""Eventarc's names have at most 63 characters, and begin with the deployment's own."""
Owner = Annotated[str, Meta(pattern=rf"^[A-Za-z]+:[^\s]{{1,200}}{END}")]


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events start a job of which type, and what of an event becomes its payload.

    Exactly one of `document` (a pattern of paths), `topic` and `bucket` says what is watched, `on`
    what must happen there. `prefix` and `suffix` are those of an object's name. `payload` is a
    template: `jobs/triggers/template.py`.
    """

    name: Name
    type: str
    payload: dict[str, Any]
    document: str | None = None
    topic: Annotated[str, Meta(pattern=rf"^[A-Za-z][A-Za-z0-9._~+%-]{{2,254}}{END}")] | None = None
    bucket: Annotated[str, Meta(pattern=rf"^[a-z0-9][a-z0-9._-]{{1,220}}[a-z0-9]{END}")] | None = (
        None
    )
    on: str | None = None
    prefix: str = ""
    suffix: str = ""
    owner: Owner | None = None
    labels: Labels = {}

    def __post_init__(self) -> None:
        if [self.document, self.topic, self.bucket].count(None) != 2:  # noqa: PLR2004 - of the three
            raise ValueError("give exactly one of `document`, `topic` and `bucket`")
        happenings = _HAPPENINGS[self.kind]
        if self.on is None and happenings:
            raise ValueError(f"`on` is missing: one of {', '.join(happenings)}")
        if self.on is not None and self.on not in happenings:
            fitting = ", ".join(happenings) or "nothing, for a topic"
            raise ValueError(f"`on` is {fitting}, not {self.on!r}")
        if self.kind != "bucket" and (self.prefix or self.suffix):
            raise ValueError("`prefix` and `suffix` are for a bucket's objects")
        if self.document is not None:
            Pattern(self.document)
        check(self.payload, _ROOTS[self.kind])

    @property
    def kind(self) -> Kind:
        if self.document is not None:
            return "document"
        return "topic" if self.topic is not None else "bucket"

    @property
    def event_type(self) -> str:
        """The type of the CloudEvents that it is for."""
        beginning = {
            "document": DOCUMENT_EVENT,
            "topic": MESSAGE_PUBLISHED,
            "bucket": OBJECT_EVENT,
        }[self.kind]
        return beginning + (self.on or "")

    @property
    def principal(self) -> str:
        """Who owns the jobs that it makes."""
        return self.owner or f"trigger:{self.name}"
