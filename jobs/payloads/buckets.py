"""Files in Cloud Storage, named as `gs://BUCKET/OBJECT`, and which of them jobs may read."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

SCHEME: Final = "gs://"
BUCKET_PATTERN: Final = "[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
"""https://cloud.google.com/storage/docs/buckets#naming"""
MAX_OBJECT_BYTES: Final = 1024
"""https://cloud.google.com/storage/docs/objects#naming"""
_URL = re.compile(rf"{SCHEME}(?P<bucket>{BUCKET_PATTERN})/(?P<object>[^\r\n]+)")


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """The buckets that jobs may read from, and where Google is asked for what is in them.

    `emulator` is the URL of what stands in for Storage, which asks for no token. `metadata_host`
    gives the service account's tokens.
    """

    names: frozenset[str] = frozenset()
    emulator: str = ""
    metadata_host: str = "metadata.google.internal"


NO_BUCKETS: Final = Buckets()


def is_in_storage(url: str) -> bool:
    return url.startswith(SCHEME)


def bucket_and_object(url: str) -> tuple[str, str]:
    """Raises `ValueError` for what is no `gs://BUCKET/OBJECT`."""
    found = _URL.fullmatch(url)
    if not found or len(found["object"].encode(errors="replace")) > MAX_OBJECT_BYTES:
        raise ValueError("the URL is not of the form gs://BUCKET/OBJECT")
    return found["bucket"], found["object"]


def check_bucket(url: str, allowed: Collection[str]) -> None:
    """Raise `ValueError` if the file is in a bucket that jobs may not read from."""
    if not is_in_storage(url):
        return
    bucket, _ = bucket_and_object(url)
    if bucket not in allowed:
        raise ValueError(f"jobs may not read from the bucket {bucket!r} (DORMOUSE_BUCKETS)")
