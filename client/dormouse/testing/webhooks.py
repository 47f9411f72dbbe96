"""/v1/webhooks of the fake: kept and shown; nothing is sent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx

from dormouse.testing.http import Answer, Problem, fields_of
from dormouse.testing.paging import page_of

if TYPE_CHECKING:
    from dormouse.testing.fake import FakeDormouse, View

_USUAL: Final = {"description": "", "events": [], "types": [], "labels": {}, "enabled": True}
_FIELDS: Final = frozenset({"url", *_USUAL})
SECRET: Final = "whsec_" + "ZmFrZQ" * 5 + "=="


class Webhooks:
    """All webhooks by their ids."""

    def __init__(self, fake: "FakeDormouse") -> None:
        self._fake = fake
        self._all: dict[str, dict[str, Any]] = {}

    def routes(self) -> Iterator[tuple[str, str, "View"]]:
        """The routes and their views."""
        one = "/v1/webhooks/([0-9a-f]{32})"
        yield "POST", "/v1/webhooks", self._create
        yield "GET", "/v1/webhooks", self._list
        yield "GET", one, lambda _, id_: Answer(self._find(id_))
        yield "PATCH", one, self._update
        yield "DELETE", one, self._delete
        yield "POST", f"{one}:rotateSecret", self._rotate
        yield "POST", "/v1/me:rotateNotifySecret", lambda _: _fresh()

    def _create(self, request: httpx.Request) -> Answer:
        webhook = {
            "id": self._fake.new_id(),
            "owner": self._fake.owner,
            "disabled_reason": None,
            "failing_since": None,
            "throttled_until": None,
            "created_at": self._fake.now.isoformat(),
            **_USUAL,
            **fields_of(request, _FIELDS),
        }
        self._all[webhook["id"]] = webhook
        headers = {"Location": f"/v1/webhooks/{webhook['id']}"}
        return Answer({**webhook, "secret": SECRET}, 201, headers)

    def _list(self, request: httpx.Request) -> Answer:
        found = list(reversed(self._all.values()))
        return page_of("webhooks", found, dict, dict(request.url.params))

    def _update(self, request: httpx.Request, webhook_id: str) -> Answer:
        webhook = self._find(webhook_id)
        webhook |= fields_of(request, _FIELDS)
        webhook["disabled_reason"] = None if webhook["enabled"] else "by_owner"
        return Answer(webhook)

    def _delete(self, _: httpx.Request, webhook_id: str) -> Answer:
        del self._all[self._find(webhook_id)["id"]]
        return Answer(status=204)

    def _rotate(self, _: httpx.Request, webhook_id: str) -> Answer:
        self._find(webhook_id)
        return _fresh()

    def _find(self, webhook_id: str) -> dict[str, Any]:
        if webhook_id not in self._all:
            raise Problem(404, "webhook_not_found", "There is no such webhook.")
        return self._all[webhook_id]


def _fresh() -> Answer:
    return Answer({"secret": SECRET, "previous_until": None})
