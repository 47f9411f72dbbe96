"""How a table of texts lies in its file, and what its texts may stand for."""

from dataclasses import dataclass
from enum import Enum, auto


class Texts(Enum):
    """What the texts of a column may stand for."""

    ANYTHING = auto()
    """As in CSV, where nothing tells a number from a text. And numbers, and booleans, of JSON."""
    TEXTS = auto()
    """Texts, of which dates and times are still such, but no numbers."""
    JSON = auto()
    """JSON of its own: nested values, or values of different kinds."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Records of fields in UTF-8. A field in quotes is null only where `quoted_nulls` says so."""

    delimiter: str
    header: bool
    names: tuple[str, ...]
    texts: tuple[Texts, ...]
    nulls: tuple[str, ...]
    quoted_nulls: bool
