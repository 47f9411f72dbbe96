"""What every store of dead letters promises: the same tests over memory and over Firestore."""

from datetime import timedelta
from typing import Any

import pytest

from jobs.dead_letters.store import DeadLetter, DeadLetterStore, Reason
from jobs.job.store import Cursor
from tests.factories import T0

SECOND = timedelta(seconds=1)


def _letter(**changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "id": "1234567890",
        "created_at": T0,
        "reason": Reason.UNDECODABLE,
        "detail": "The message is not a job message.",
        "data": "Z2FyYmFnZQ==",
    }
    return DeadLetter(**(fields | changes))


@pytest.mark.parametrize(
    "dead_letter",
    [
        _letter(),
        _letter(
            reason=Reason.UNDELIVERED,
            detail="böse 🐭\n\0",
            attributes={"googclient_traceparent": "00-1-2", "a.b": "", "ü": "é"},
            deliveries=50,
            job_id="0123456789abcdef0123456789abcdef",
        ),
        _letter(data="", detail=""),
        _letter(data="QUJD" * (512 * 1024 // 4)),
    ],
    ids=["small", "full", "empty", "large"],
)
def test_a_letter_is_kept_whole(dead_letters: DeadLetterStore, dead_letter: DeadLetter) -> None:
    """A letter is there as it was added."""
    dead_letters.add(dead_letter)
    assert dead_letters.get(dead_letter.id) == dead_letter
    assert dead_letters.list_dead_letters(10) == [dead_letter]


def test_a_letter_that_arrives_twice(dead_letters: DeadLetterStore) -> None:
    """A letter that is kept already stays as it is, and adding it again is no error."""
    dead_letters.add(_letter(detail="first"))
    dead_letters.add(_letter(detail="second"))
    assert dead_letters.list_dead_letters(10) == [_letter(detail="first")]


def test_absent(dead_letters: DeadLetterStore) -> None:
    """A letter that there is not is no error, neither to get nor to delete."""
    assert dead_letters.get("absent") is None
    dead_letters.delete("absent")
    assert dead_letters.list_dead_letters(10) == []


def test_delete(dead_letters: DeadLetterStore) -> None:
    """A deleted letter is gone, and the others are not."""
    dead_letters.add(_letter(id="one"))
    dead_letters.add(_letter(id="two"))
    dead_letters.delete("one")
    assert dead_letters.get("one") is None
    assert dead_letters.list_dead_letters(10) == [_letter(id="two")]


def test_newest_first(dead_letters: DeadLetterStore) -> None:
    """A list is newest first, ties by id downwards, and its pages make up the whole."""
    kept = [_letter(id=f"{n * 7 % 10}", created_at=T0 + n // 4 * SECOND) for n in range(10)]
    for dead_letter in kept:
        dead_letters.add(dead_letter)
    kept.sort(key=lambda dead_letter: (dead_letter.created_at, dead_letter.id), reverse=True)
    for size in (1, 3, 10, 11):
        listed: list[DeadLetter] = []
        after = None
        while page := dead_letters.list_dead_letters(size, after):
            listed += page
            after = Cursor(created_at=page[-1].created_at, id=page[-1].id)
        assert listed == kept


def test_by_reason(dead_letters: DeadLetterStore) -> None:
    """A list of one reason shows those letters only, in pages as well."""
    kept = [
        _letter(id=f"{n}", created_at=T0 + n * SECOND, reason=reason)
        for n, reason in enumerate([*Reason, *Reason])
    ]
    for dead_letter in kept:
        dead_letters.add(dead_letter)
    for reason in Reason:
        expected = [dead_letter for dead_letter in kept[::-1] if dead_letter.reason is reason]
        first = dead_letters.list_dead_letters(1, reason=reason)
        after = Cursor(created_at=first[0].created_at, id=first[0].id)
        assert first + dead_letters.list_dead_letters(10, after, reason=reason) == expected
