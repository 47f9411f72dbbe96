"""The machine as services see it."""

import threading
import time

import pytest

from jobs.runtime import MACHINE


def test_draws_stay_within_their_bounds() -> None:
    """The draws of real life lie between the bounds and are not all the same."""
    draws = {MACHINE.uniform(0.0, 10.0) for _ in range(100)}
    assert all(0 <= draw <= 10 for draw in draws)
    assert len(draws) > 1


def test_no_two_ids_are_the_same() -> None:
    """An id is as long as a document's id should be, and nobody guesses the next one."""
    ids = {MACHINE.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_things_are_done_side_by_side() -> None:
    """So many are at work at a time, and the results come in the order of the items."""
    both = threading.Barrier(2)

    def double(item: int) -> int:
        both.wait(10)
        return 2 * item

    assert list(MACHINE.map(double, range(4), 2)) == [0, 2, 4, 6]


def test_an_error_is_raised_in_its_turn() -> None:
    """What came before it is there, and what had not begun is left undone."""
    done: list[int] = []

    def odd(item: int) -> int:
        done.append(item)
        if item == 1:
            raise ValueError(item)
        if item > 1:
            time.sleep(0.05)
        return item

    results = MACHINE.map(odd, range(100), 1)
    assert next(results) == 0
    with pytest.raises(ValueError, match="1"):
        next(results)
    assert len(done) < 100


def test_the_boot_clock_goes_on() -> None:
    """It never goes back."""
    assert MACHINE.boot_time() <= MACHINE.boot_time()
