"""Changes all the jobs that a filter matches, a page of the API's at a time."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from api.console.inside import Api, Refused

VERBS: Final = {"queued": "cancel", "running": "cancel", "failed": "retry", "cancelled": "retry"}
"""What can be done with all the jobs in a status."""
_PATHS: Final = {"cancel": "/v1/jobs:batchCancel", "retry": "/v1/jobs:batchRetry"}
_RATE_LIMITED: Final = 429


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is. The next page is asked for by whoever looks, so leaving ends it."""

    verb: str
    status: str
    type: str
    label: str
    changed: int
    skipped: int
    page_token: str
    waits: bool = False

    @property
    def is_done(self) -> bool:
        return not self.page_token and not self.waits


def go_on(api: Api, form: Mapping[str, str]) -> Progress:
    """Changes the next page. If the caller's rate is used up, says to wait. Raises `Refused`."""
    status = form.get("status", "")
    if status not in VERBS:
        raise Refused(400, {"detail": "Choose a status first."})
    before = Progress(
        verb=VERBS[status],
        status=status,
        type=form.get("type", ""),
        label=form.get("label", ""),
        page_token=form.get("page_token", ""),
        changed=_number(form.get("changed", "")),
        skipped=_number(form.get("skipped", "")),
    )
    try:
        answer = api.call("POST", _PATHS[before.verb], _body(before))
    except Refused as refused:
        if refused.status != _RATE_LIMITED:
            raise
        return msgspec.structs.replace(before, waits=True)
    return msgspec.structs.replace(
        before,
        changed=before.changed + len(answer["changed"]),
        skipped=before.skipped + len(answer["skipped"]),
        page_token=answer["next_page_token"],
    )


def _body(asked: Progress) -> dict[str, Any]:
    name, _, value = asked.label.partition("=")
    return {
        "status": asked.status,
        "type": asked.type or None,
        "label": {name: value} if name else {},
        "page_token": asked.page_token,
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - a count
