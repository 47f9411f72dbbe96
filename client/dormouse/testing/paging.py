"""Pages of the fake's lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from dormouse.testing.http import Answer

T = TypeVar("T")


def page_of(
    name: str, found: Sequence[T], shown: Callable[[T], Any], query: Mapping[str, str]
) -> Answer:
    """The page that the query asks for. A token is where it starts."""
    size, start = int(query.get("page_size", "50")), int(query.get("page_token") or 0)
    page = found[start : start + size]
    token = str(start + size) if start + size < len(found) else ""
    return Answer({name: [shown(item) for item in page], "next_page_token": token})
