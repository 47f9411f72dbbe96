"""Storage's part: tells of objects, when it is told of them, as there is no emulator that does."""

from collections.abc import Callable, Sequence
from datetime import datetime
from secrets import token_hex

import msgspec
from flask import Flask, Response, abort, request

from jobs.triggers.trigger import OBJECT_EVENT, Trigger
from local.cloud.events import Events
from local.cloud.push import Subscription


class _Object(msgspec.Struct):
    bucket: str
    name: str


def tell_of_objects(
    app: Flask,
    triggers: Sequence[tuple[Trigger, Subscription]],
    events: Events,
    now: Callable[[], datetime],
) -> None:
    """`POST /storage/finalized` or `/storage/deleted`, with an object's metadata, is its event."""

    @app.post("/storage/<happening>")
    def tell(happening: str) -> Response:
        body = request.get_data()
        try:
            told = msgspec.json.decode(body, type=_Object)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            abort(Response(f"{error}\n", 400))
        headers = {
            "ce-specversion": "1.0",
            "ce-id": token_hex(8),
            "ce-type": OBJECT_EVENT + happening,
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{told.bucket}",
            "ce-subject": f"objects/{told.name}",
            "ce-bucket": told.bucket,
            "ce-time": now().isoformat(),
            "content-type": "application/json; charset=utf-8",
        }
        for trigger, subscription in triggers:
            # Eventarc goes by the bucket and by what happened, not by the name.
            if (trigger.bucket, trigger.on) == (told.bucket, happening):
                events.publish(subscription, headers, body)
        return Response(status=204)
