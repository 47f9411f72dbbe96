"""What every store of dead letters promises: the same tests over memory and over Firestore."""

from datetime import timedelta
from typing import Any

import pytest

from jobs.dead_letters.store import DeadLetter, DeadLetterStore, Reason
from jobs.job.store import Cursor
from tests.making import T0

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
    "letter",
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
def test_a_letter_is_kept_whole(letters: DeadLetterStore, letter: DeadLetter) -> None:
    """A letter is there as it was added."""
    letters.add(letter)
    assert letters.get(letter.id) == letter
    assert letters.list_letters(10) == [letter]


def test_a_letter_that_arrives_twice(letters: DeadLetterStore) -> None:
    """A letter that is kept already stays as it is, and adding it again is no error."""
    letters.add(_letter(detail="first"))
    letters.add(_letter(detail="second"))
    assert letters.list_letters(10) == [_letter(detail="first")]


def test_absent(letters: DeadLetterStore) -> None:
    """A letter that there is not is no error, neither to get nor to delete."""
    assert letters.get("absent") is None
    letters.delete("absent")
    assert letters.list_letters(10) == []


def test_delete(letters: DeadLetterStore) -> None:
    """A deleted letter is gone, and the others are not."""
    letters.add(_letter(id="one"))
    letters.add(_letter(id="two"))
    letters.delete("one")
    assert letters.get("one") is None
    assert letters.list_letters(10) == [_letter(id="two")]


def test_newest_first(letters: DeadLetterStore) -> None:
    """A list is newest first, ties by id downwards, and its pages make up the whole."""
    kept = [_letter(id=f"{n * 7 % 10}", created_at=T0 + n // 4 * SECOND) for n in range(10)]
    for letter in kept:
        letters.add(letter)
    kept.sort(key=lambda letter: (letter.created_at, letter.id), reverse=True)
    for size in (1, 3, 10, 11):
        listed: list[DeadLetter] = []
        after = None
        while page := letters.list_letters(size, after):
            listed += page
            after = Cursor(created_at=page[-1].created_at, id=page[-1].id)
        assert listed == kept


def test_by_reason(letters: DeadLetterStore) -> None:
    """A list of one reason shows those letters only, in pages as well."""
    kept = [
        _letter(id=f"{n}", created_at=T0 + n * SECOND, reason=reason)
        for n, reason in enumerate([*Reason, *Reason])
    ]
    for letter in kept:
        letters.add(letter)
    for reason in Reason:
        expected = [letter for letter in kept[::-1] if letter.reason is reason]
        first = letters.list_letters(1, reason=reason)
        after = Cursor(created_at=first[0].created_at, id=first[0].id)
        assert first + letters.list_letters(10, after, reason=reason) == expected
