"""The JSON of requests about dead letters, and of their answers."""

from collections.abc import Mapping
from typing import Annotated, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import MAX_PAGE_SIZE, PageToken
from api.jobs.resources import Moment
from jobs.dead_letters.store import DeadLetter, Reason

LetterId = Annotated[
    str, Meta(description="The dead letter's `id`.", examples=["12345678901234567"])
]


class LettersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[Reason | UnsetType, Meta(description="Only letters for this reason.")] = UNSET
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many letters a page has at most.")
    ] = 50
    page_token: PageToken = ""


class Redrive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters to send again."""

    reason: Annotated[Reason | None, Meta(description="Only letters for this reason.")] = None
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many letters one call takes at most.")
    ] = 100
    page_token: PageToken = ""


class DeadLetterResource(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be delivered to a worker."""

    id: str
    created_at: Moment
    reason: Reason
    detail: Annotated[str, Meta(description="What is wrong with it.")]
    data: Annotated[
        str, Meta(description="The original message in base64, at most its first 512 KiB.")
    ]
    attributes: Mapping[str, str]
    deliveries: Annotated[int, Meta(description="How often it was tried; 0 if not known.")]
    job_id: Annotated[str | None, Meta(description="The job that it was for, if it says so.")]

    @classmethod
    def of(cls, dead_letter: DeadLetter) -> Self:
        return cls(**msgspec.structs.asdict(dead_letter))


class DeadLetterList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetterResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """What one call did."""

    redriven: Annotated[list[str], Meta(description="Ids of the letters that were sent again.")]
    refused: Annotated[
        list[str],
        Meta(description="Ids of those that can't be: no job message, or its job is gone."),
    ]
    next_page_token: Annotated[str, Meta(description="Empty when there are no more letters.")]
