"""Decides which buttons a page offers: those that the API would accept from this caller."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from api.auth.access import Caller
from jobs.errors import DormouseError


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A job or a schedule, as far as rights depend on it."""

    owner: str
    type: str


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook, likewise."""

    owner: str


class Offers:
    """Asks `Caller` what it would allow, without doing it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def submit(self, job_type: str) -> bool:
        return _allowed(lambda: self._caller.check_submit(job_type))

    def submit_any(self) -> bool:
        return _allowed(self._caller.check_submits)

    def list(self, job_type: str | None) -> bool:
        """Whether there is a list of this type, or of all types at once."""
        return _allowed(lambda: self._caller.owner_to_list(job_type))

    def change_many(self, job_type: str | None) -> bool:
        return _allowed(lambda: self._caller.owner_to_change(job_type))

    def operate(self) -> bool:
        return _allowed(self._caller.check_operator)

    def change_job(self, job: Mapping[str, Any]) -> bool:
        thing = Thing(owner=job["owner"], type=job["type"])
        return _allowed(lambda: self._caller.check_change(thing))

    def change_schedule(self, schedule: Mapping[str, Any]) -> bool:
        thing = Thing(owner=schedule["owner"], type=schedule["template"]["type"])
        return _allowed(lambda: self._caller.check_change(thing))

    def change_webhook(self, webhook: Mapping[str, Any]) -> bool:
        hook = Hook(owner=webhook["owner"])
        return _allowed(lambda: self._caller.check_change_webhook(hook))


def _allowed(check: Callable[[], object]) -> bool:
    try:
        check()
    except DormouseError:
        return False
    return True
