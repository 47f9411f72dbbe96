"""`python -m tests.neighbours`: every bad thing, beside somebody who only works.

Prints what the other saw of each, and how much longer its jobs took than alone. Ends with 1 if any
of them failed, or had another's answer.
"""

import statistics
import sys

from tests.neighbours.beside import a_system, alone, persons, tried


def main() -> None:
    with a_system() as system:
        bad, good = persons(system)
        usual = alone(good, 15)
        seen = tried(bad, good)
    for one in seen.values():
        mark = "ok" if one.right else f"WRONG: {one.status}, {one.result}"
        print(f"{one.thing:36} {one.seconds:6.2f} s  {mark}")  # noqa: T201 - a command
    times = [one.seconds for one in seen.values()]
    wrong = sum(not one.right for one in seen.values())
    print(  # noqa: T201 - likewise
        f"{len(seen)} bad things, {wrong} seen by the other; its jobs took {usual:.2f} s alone,"
        f" {statistics.median(times):.2f} s beside them in the middle, {max(times):.2f} s at most"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
