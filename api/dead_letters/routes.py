"""/v1/dead-letters: what could not be delivered, for operators."""

import re
from typing import Final

from flask import Blueprint
from msgspec import UNSET

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import existing
from api.dead_letters.resources import (
    DeadLetterList,
    DeadLetterResource,
    LetterId,
    LettersQuery,
    Redrive,
    Redriven,
)
from api.dependencies import deps
from api.http.errors import MethodNotAllowed
from api.http.operation import Operation
from api.http.paging import cursor_of, next_page_token
from api.jobs.resources import JobResource
from jobs.dead_letters.redrive import redrive
from jobs.dead_letters.store import DeadLetter, DeadLetterNotFound, Reason
from jobs.errors import InvalidPageToken, StoreUnavailable, TransitionRefused, VersionConflict
from jobs.job.model import Job

routes = Blueprint("dead_letters", __name__)
TAG = "Dead letters"
_ID: Final = re.compile(r"[0-9a-z]{1,64}")


@routes.get("/v1/dead-letters")
@Operation(
    summary="List dead letters",
    tag=TAG,
    query=LettersQuery,
    answer=DeadLetterList,
    problems=(InvalidPageToken, StoreUnavailable),
)
def list_dead_letters(query: LettersQuery) -> DeadLetterList:
    """Messages that no worker took, newest first. Needs the role operator."""
    caller().check_operator()
    reason = None if query.reason is UNSET else query.reason
    dead_letters, token = _page(reason, query.page_size, query.page_token)
    return DeadLetterList(
        dead_letters=[DeadLetterResource.of(dead_letter) for dead_letter in dead_letters],
        next_page_token=token,
    )


@routes.get("/v1/dead-letters/<job_id:letter_id>")
@Operation(
    summary="Get a dead letter",
    tag=TAG,
    answer=DeadLetterResource,
    problems=(DeadLetterNotFound, MethodNotAllowed, StoreUnavailable),
)
def get_dead_letter(letter_id: LetterId) -> DeadLetterResource:
    """The original message, and why it is here. Needs the role operator."""
    return DeadLetterResource.of(_find(letter_id))


@routes.post("/v1/dead-letters/<job_id:letter_id>:redrive")
@Operation(
    summary="Redrive a dead letter",
    tag=TAG,
    answer=JobResource,
    problems=(DeadLetterNotFound, TransitionRefused, VersionConflict, StoreUnavailable),
)
def redrive_dead_letter(letter_id: LetterId) -> JobResource:
    """Dispatches the letter's job again, and removes the letter. Needs the role operator.

    A job that failed as undelivered gets all its attempts anew; one that has gone on otherwise is
    left as it is.
    """
    return JobResource.of(_redrive(_find(letter_id)), traceback=True)


@routes.post("/v1/dead-letters:redrive")
@Operation(
    summary="Redrive many dead letters",
    tag=TAG,
    body=Redrive,
    admits=admission.operators,
    answer=Redriven,
    problems=(InvalidPageToken, StoreUnavailable),
)
def redrive_dead_letters(body: Redrive) -> Redriven:
    """Redrives a page of letters, newest first. Needs the role operator.

    Repeat it with the `next_page_token` until that is empty.
    """
    caller().check_operator()
    dead_letters, token = _page(body.reason, body.page_size, body.page_token)
    redriven, refused = [], []
    for dead_letter in dead_letters:
        try:
            _redrive(dead_letter)
        except (TransitionRefused, VersionConflict):
            refused.append(dead_letter.id)
        else:
            redriven.append(dead_letter.id)
    return Redriven(redriven=redriven, refused=refused, next_page_token=token)


@routes.delete("/v1/dead-letters/<job_id:letter_id>")
@Operation(
    summary="Delete a dead letter",
    tag=TAG,
    status=204,
    problems=(DeadLetterNotFound, MethodNotAllowed, StoreUnavailable),
)
def delete_dead_letter(letter_id: LetterId) -> None:
    """Its job stays as it is. Needs the role operator."""
    deps().dead_letters.delete(_find(letter_id).id)


def _page(reason: Reason | None, page_size: int, page_token: str) -> tuple[list[DeadLetter], str]:
    after = cursor_of(page_token, reason)
    dead_letters = deps().dead_letters.list_dead_letters(page_size, after, reason=reason)
    return dead_letters, next_page_token(dead_letters, page_size, reason)


def _find(letter_id: str) -> DeadLetter:
    caller().check_operator()
    return existing(letter_id, deps().dead_letters.get, DeadLetterNotFound, _ID)


def _redrive(dead_letter: DeadLetter) -> Job:
    return redrive(
        dead_letter,
        store=deps().store,
        dead_letters=deps().dead_letters,
        queue=deps().queue,
        now=deps().runtime.now,
    )
