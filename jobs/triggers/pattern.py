"""Patterns of documents' paths, as Eventarc has them: `orders/{id}`, `users/{user}/{rest=**}`.

https://cloud.google.com/eventarc/docs/path-patterns
"""

import re
from dataclasses import dataclass

_SEGMENT = re.compile(
    r"(?P<literal>[^{}*/]+)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:=(?P<captured>\*\*?))?\}|(?P<bare>\*\*?)"
)


@dataclass(frozen=True)
class Pattern:
    """A path pattern. `*` stands for one segment, `**` at the end for one or more."""

    text: str

    def __post_init__(self) -> None:
        segments = self.text.split("/")
        found = [_SEGMENT.fullmatch(segment) for segment in segments]
        if not all(found):
            raise ValueError(f"{self.text!r} is no pattern like orders/{{id}}")
        names = [match["name"] for match in found if match and match["name"]]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.text!r} names two segments the same")
        rest = [_is_rest(segment) for segment in segments]
        if any(rest[:-1]):
            raise ValueError(f"{self.text!r} has ** elsewhere than at its end")
        if not rest[-1] and len(segments) % 2:
            raise ValueError(f"{self.text!r} is a collection's path, not that of its documents")

    def match(self, path: str) -> dict[str, str] | None:
        """What the pattern's names stand for in this path; None if the path does not match."""
        found = self._regex().fullmatch(path)
        return found.groupdict() if found else None

    def reaches(self, collection: str) -> bool:
        """Whether it matches a document of this top-level collection."""
        first, *others = self.text.split("/")
        if not re.fullmatch(_as_regex(first), collection):
            return False
        return _is_rest(first) if not others else len(others) == 1

    def _regex(self) -> re.Pattern[str]:
        return re.compile("/".join(_as_regex(segment) for segment in self.text.split("/")))


def _is_rest(segment: str) -> bool:
    return segment == "**" or segment.endswith("=**}")


def _as_regex(segment: str) -> str:
    found = _SEGMENT.fullmatch(segment)
    if not found or found["literal"]:
        return re.escape(segment)
    wildcard = "(?s:.+)" if _is_rest(segment) else "[^/]+"
    return f"(?P<{found['name']}>{wildcard})" if found["name"] else wildcard
