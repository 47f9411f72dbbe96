"""Does several things at once within one request."""

from collections.abc import Callable
from typing import Any

from jobs.runtime import Runtime


def in_parallel(runtime: Runtime, *parts: Callable[[], Any]) -> list[Any]:
    """The results of the parts, each done in a thread of its own.

    If one of them fails, the others are still done; then the first error is raised.
    """
    errors: list[Exception] = []

    def tried(part: Callable[[], Any]) -> Any:
        try:
            return part()
        except Exception as error:  # noqa: BLE001 - raised below, once the others are done
            errors.append(error)
            return None

    results = list(runtime.map(tried, parts, len(parts)))
    if errors:
        raise errors[0]
    return results
