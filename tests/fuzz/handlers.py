"""The job types of the deployment as the API knows them, but none calls strangers.

A fuzzer makes up URLs, some of which are real servers of other people.
"""

import dataclasses
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import handlers
from jobs.context import Context, PermanentError
from jobs.job_types import JobType, Registry

AT_HOME = frozenset({"table.profile", "image.thumbnail"})
"""What needs nobody else, unless the payload has a URL."""


def _at_home(kind: JobType[Any, Any]) -> JobType[Any, Any]:
    return dataclasses.replace(kind, run=_refusing(kind))


def _refusing(kind: JobType[Any, Any]) -> Callable[[Any, Context], Any]:
    def run(payload: Any, context: Context) -> Any:
        host = urlsplit(getattr(payload, "url", None) or "").netloc
        if host in context.allowed_hosts or (kind.name in AT_HOME and not host):
            return kind.run(payload, context)
        raise PermanentError("Nobody is called here.")

    return run


REGISTRY = Registry(_at_home(kind) for kind in handlers.REGISTRY)
