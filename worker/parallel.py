"""Does several things at once within one request."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def in_parallel(*parts: Callable[[], Any]) -> list[Any]:
    """The results of the parts, each done in a thread of its own.

    If one of them fails, the others are still done; then the first error is raised.
    """
    with ThreadPoolExecutor(len(parts)) as pool:
        doing = [pool.submit(part) for part in parts]
    return [one.result() for one in doing]
