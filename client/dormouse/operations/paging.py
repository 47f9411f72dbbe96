"""Lists, page after page."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

from dormouse.calling import Call, Policy, call
from dormouse.steps import Emit, Steps

PAGE: Final = 200


class Page(Protocol):
    """The part that all pages share."""

    next_page_token: str


P = TypeVar("P", bound=Page)


def pages(
    policy: Policy,
    path: str,
    kind: type[P],
    items: Callable[[P], Iterable[Any]],
    query: Mapping[str, Any],
    limit: int | None = None,
) -> Steps[None]:
    """Emits the items of all pages, `limit` at most."""
    left, token = limit, ""
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        asked = {**query, "page_size": size, "page_token": token or None}
        page = (yield from call(policy, Call("GET", path, query=asked))).decoded(kind)
        for item in items(page):
            yield Emit(item)
            left = None if left is None else left - 1
        token = page.next_page_token
        if not token:
            return
