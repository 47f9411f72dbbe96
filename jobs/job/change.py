"""Changes asked for from outside, whatever state a thing is in by the time they arrive."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from jobs.errors import DormouseError, JobNotFound, VersionConflict


class Kept(Protocol):
    """What a store keeps under an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Kept)


class Changes(Protocol[T]):
    """A store whose things are changed by compare-and-set."""

    def get(self, thing_id: str, /) -> T | None: ...
    def save(self, thing: T, /, before: T) -> T: ...


TRIES = 8


def change(
    store: Changes[T],
    thing: T,
    transition: Callable[[T], T],
    gone: type[DormouseError] = JobNotFound,
) -> T:
    """Apply a transition to the thing, a job most often, as it is now, and save it.

    Where somebody else was quicker, the transition is asked again with what they left, so it is
    never applied to what is outdated. A transition that returns the thing itself changes nothing.
    Raises what the transition raises, `gone`, `StoreUnavailable`, and `VersionConflict` if others
    were quicker every time.
    """
    for _ in range(TRIES):
        changed = transition(thing)
        if changed is thing:
            return thing
        try:
            return store.save(changed, before=thing)
        except VersionConflict:
            latest = store.get(thing.id)
            if latest is None:
                raise gone from None
            thing = latest
    raise VersionConflict
