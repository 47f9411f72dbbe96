"""What the callers saw: one line of JSON for each call."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec

from bench.comparison.figures import Latency

SUBMIT: Final = "submit"
RESULT: Final = "submit to result"


class Call(msgspec.Struct, frozen=True):
    """`at` is when it began, in seconds since the epoch. A status of 0 is no answer."""

    at: float
    tenant: str
    name: str
    seconds: float
    status: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one kind. The latency is of those that were answered as they should be."""

    tenant: str
    name: str
    calls: int
    refused: int
    failed: int
    latency: Latency | None


def read_calls(path: Path) -> list[Call]:
    return [msgspec.json.decode(line, type=Call) for line in path.read_bytes().splitlines()]


def is_well(call: Call) -> bool:
    return HTTPStatus.OK <= call.status < HTTPStatus.MULTIPLE_CHOICES


def summaries(calls: Iterable[Call]) -> list[Summary]:
    """By tenant and kind of call."""
    by_kind: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        by_kind.setdefault((call.tenant, call.name), []).append(call)
    return [_summary(*kind, of_kind) for kind, of_kind in sorted(by_kind.items())]


def _summary(tenant: str, name: str, calls: Sequence[Call]) -> Summary:
    well = [call.seconds for call in calls if is_well(call)]
    refused = sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls)
    return Summary(
        tenant=tenant,
        name=name,
        calls=len(calls),
        refused=refused,
        failed=len(calls) - refused - len(well),
        latency=Latency.of(well) if well else None,
    )


def thirds(calls: Iterable[Call], start: float, end: float) -> list[list[Call]]:
    """The calls that began in the first, the second and the last third of the time."""
    parts: list[list[Call]] = [[], [], []]
    for call in calls:
        passed = (call.at - start) / (end - start)
        if 0 <= passed < 1:
            parts[int(passed * 3)].append(call)
    return parts
