"""A body as a JSON string."""

import re
from base64 import b64encode
from codecs import getincrementaldecoder
from typing import Literal

_CHARSET = re.compile(r';\s*charset="?([A-Za-z0-9_-]+)', re.IGNORECASE)
_DECODERS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "cp1252",  # what browsers take it for (https://encoding.spec.whatwg.org)
    "windows-1252": "cp1252",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def as_text_or_base64(
    data: bytes, at_most: int, content_type: str
) -> tuple[str, Literal["text", "base64"]]:
    """The data's first bytes, as text if they are valid text in their charset, else as base64.

    A character that is cut in two is left out. Text with control characters counts as binary:
    each would take six bytes in JSON.
    """
    head = data[:at_most]
    declared = _CHARSET.search(content_type)
    codec = _DECODERS.get(declared[1].lower() if declared else "utf-8")
    if codec:
        try:
            text = getincrementaldecoder(codec)().decode(head, final=len(data) <= at_most)
        except UnicodeDecodeError:
            pass
        else:
            if not _CONTROL.search(text):
                return text, "text"
    return b64encode(head).decode("ascii"), "base64"
