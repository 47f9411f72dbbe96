"""Reads and writes JSON again without touching its numbers.

What is kept is kept byte for byte; where a part of it must change, the rest stays as it came. A
double has 17 digits, and a payload may have more.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def read(text: bytes | str | msgspec.Raw) -> Any:
    """Plain data, fractions as `Decimal`. Raises what decoding JSON raises."""
    return _decoder.decode(text)


def write(value: Any) -> bytes:
    """The data as JSON, each `Decimal` as the number that it is."""
    return _encoder.encode(value)
