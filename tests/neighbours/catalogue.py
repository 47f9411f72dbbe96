"""Bad things that somebody does to a system that others use too."""

import base64
import gzip
import io
import json
import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import requests
from PIL import Image

from tests.neighbours.client import Person
from tests.neighbours.handlers import DEEDS

BadThing = Callable[[Person], object]
UNKIND: Final = frozenset({"start_and_hang"})
"""Takes a whole minute of its own; the handlers' own test has it."""


def a_deed(name: str) -> BadThing:
    return lambda person: person.submit("bad.deed", {"name": name, "folder": "/tmp"})  # noqa: S108 - theirs


def a_body(data: bytes, path: str = "/v1/jobs") -> BadThing:
    return lambda person: person.send("POST", path, data)


def a_job(job_type: str, payload: Mapping[str, Any], **more: Any) -> BadThing:
    return lambda person: person.submit(job_type, payload, **more)


def a_picture(data: bytes) -> BadThing:
    payload = {"base64": base64.b64encode(data).decode(), "width": 9, "height": 9}
    return a_job("image.thumbnail", payload)


def a_table(data: bytes) -> BadThing:
    return a_job("table.profile", {"base64": base64.b64encode(data).decode()})


def many_waits(person: Person) -> None:
    """Waits for a job that is far away, on as many connections as there are."""
    job = person.submit("good.deed", {"name": "later"}, delay_seconds=3600)
    at_once(30, lambda: person.send("GET", f"/v1/jobs/{job['id']}?wait=2"))


def many_streams(person: Person) -> None:
    job = person.submit("good.deed", {"name": "later"}, delay_seconds=3600)
    at_once(30, lambda: person.send("GET", f"/v1/jobs/{job['id']}/events", seconds=2))


def many_jobs(person: Person) -> None:
    jobs = [{"type": "good.deed", "payload": {"name": f"{n}"}} for n in range(40)]
    person.send("POST", "/v1/jobs:batchCreate", json.dumps({"jobs": jobs}).encode())


def a_deaf_receiver(person: Person) -> None:
    """A webhook that never answers, and jobs for it to hear of."""
    person.call("POST", "/v1/webhooks", {"url": f"{person.api}/nowhere"})
    for number in range(5):
        person.submit("good.deed", {"name": f"{number}"})


def a_busy_schedule(person: Person) -> None:
    template = {"type": "bad.deed", "payload": {"name": "exit_at_once"}}
    person.call("POST", "/v1/schedules", {"template": template, "cron": "* * * * *"})


def at_once(number: int, do: Callable[[], object]) -> None:
    def tried() -> None:
        with suppress(*ERRORS):
            do()

    threads = [threading.Thread(target=tried) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _jpeg(scans: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * scans + data[-2:]


def _bomb() -> bytes:
    """A PNG that claims 60,000 by 60,000 pixels."""
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    parts = b"".join(
        (len(part) - 4).to_bytes(4, "big") + part + zlib.crc32(part).to_bytes(4, "big")
        for part in (head, b"IDAT" + zlib.compress(bytes(1000)), b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + parts


THINGS: Final[Mapping[str, BadThing]] = {
    **{name: a_deed(name) for name in sorted(DEEDS.keys() - UNKIND)},
    "a body that nests": a_body(b"[" * 200_000),
    "a body of brackets": a_body(b"[" + b"[]," * 150_000 + b"[]]"),
    "a body of names": a_body(b"{" + b",".join(b'"%d":0' % n for n in range(60_000)) + b"}"),
    "a body of one number": a_body(b"1" * 400_000),
    "a batch that nests": a_body(
        b'{"jobs":[' + b"[" * 90 + b"]" * 90 + b"]}", "/v1/jobs:batchCreate"
    ),
    "a body that is no JSON": a_body(b"\xff" * 100_000),
    "a body that unpacks": a_body(gzip.compress(bytes(10_000_000))),
    "a payload of escapes": a_body(
        b'{"type":"good.deed","payload":{"name":"' + b"\\ud83d\\ude00" * 20_000 + b'"}}'
    ),
    "a picture of many scans": a_picture(_jpeg(300)),
    "a picture that claims too much": a_picture(_bomb()),
    "half a picture": a_picture(_bomb()[:60]),
    "a table that is wide": a_table(b",".join([b"a"] * 100_000)),
    "a table of quotes": a_table(b'a,b\n"' + b"x" * 150_000),
    "a table that nests": a_table(b'{"a":' + b"[" * 50_000),
    "a table of one value": a_table(b"a\n" + b"1" * 150_000),
    "a table that is an archive": a_table(gzip.compress(bytes(1_000_000))),
    "a call to itself": lambda person: person.submit(
        "http.request", {"url": f"{person.api}/v1/jobs"}
    ),
    "a call to nobody": a_job("http.request", {"url": "https://nobody.invalid/"}),
    "a secret that there is not": a_job("http.request", {"url": {"$secret": "none"}}),
    "many waits": many_waits,
    "many streams": many_streams,
    "many jobs": many_jobs,
    "a receiver that is deaf": a_deaf_receiver,
    "a schedule of each minute": a_busy_schedule,
}
ERRORS: Final = (requests.RequestException,)
"""What a bad thing may end in for who does it."""
