"""The service itself, its job types, and its dead letters."""

from typing import Final

import msgspec

from dormouse.calling import Call, Policy, call
from dormouse.model import JobState
from dormouse.operations.jobs import named, removed
from dormouse.operations.paging import pages
from dormouse.resource_model import DeadLetter, JobType, Me
from dormouse.steps import Steps

_DEAD_LETTERS: Final = "/v1/dead-letters"


class _JobTypes(msgspec.Struct):
    job_types: list[JobType]


class _Page(msgspec.Struct):
    dead_letters: list[DeadLetter]
    next_page_token: str


def me(policy: Policy) -> Steps[Me]:
    """The caller as the service sees it, with roles."""
    return (yield from call(policy, Call("GET", "/v1/me"))).decoded(Me)


def job_types(policy: Policy) -> Steps[list[JobType]]:
    """Every job type, with the schemas of its payload and result."""
    return (yield from call(policy, Call("GET", "/v1/job-types"))).decoded(_JobTypes).job_types


def job_type(policy: Policy, name: str) -> Steps[JobType]:
    """One of them. Raises `NotFound`."""
    return (yield from call(policy, Call("GET", named("/v1/job-types", name)))).decoded(JobType)


def list_dead_letters(policy: Policy, *, reason: str | None = None) -> Steps[None]:
    """Emits dead letters, newest first. For operators."""
    yield from pages(
        policy, _DEAD_LETTERS, _Page, lambda page: page.dead_letters, {"reason": reason}
    )


def get_dead_letter(policy: Policy, letter_id: str) -> Steps[DeadLetter]:
    """The original message, and why it is here. Raises `NotFound`."""
    got = yield from call(policy, Call("GET", named(_DEAD_LETTERS, letter_id)))
    return got.decoded(DeadLetter)


def redrive(policy: Policy, letter_id: str) -> Steps[JobState]:
    """Dispatches the letter's job again, and removes the letter."""
    path = f"{named(_DEAD_LETTERS, letter_id)}:redrive"
    return (yield from call(policy, Call("POST", path, repeatable=False))).decoded(JobState)


def delete_dead_letter(policy: Policy, letter_id: str) -> Steps[None]:
    """Its job stays as it is."""
    yield from removed(policy, named(_DEAD_LETTERS, letter_id))
