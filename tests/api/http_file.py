"""Reads a file of requests as the REST Client of VS Code does, as far as `docs/` needs it.

https://github.com/Huachao/vscode-restclient
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TITLE = re.compile(r"(?P<title>.+) \((?P<status>\d{3})(?:, (?P<job>\w+))?\)")
_VARIABLE = re.compile(r"\{\{(.+?)\}\}")
_OF_RESPONSE = re.compile(r"(\w+)\.response\.body\.\$\.(\w+)")


@dataclass(frozen=True)
class Request:
    """One request, and what its title says about the answer."""

    title: str
    status: int
    job: str | None
    name: str | None
    method: str
    url: str
    headers: Mapping[str, str]
    body: str


def parse(text: str) -> tuple[dict[str, str], list[Request]]:
    """The file's variables and its requests."""
    head, *parts = re.split(r"^### ", text, flags=re.MULTILINE)
    variables = dict(re.findall(r"^@(\w+) = (.*)$", head, flags=re.MULTILINE))
    return variables, [_request(part) for part in parts]


def _request(part: str) -> Request:
    first, *lines = part.strip().splitlines()
    title = _TITLE.fullmatch(first)
    assert title, f"no status in {first!r}"
    name = None
    while lines[0].startswith("#"):
        name = lines.pop(0).removeprefix("# @name ")
    method, url = lines.pop(0).split(" ")
    blank = lines.index("") if "" in lines else len(lines)
    headers = dict(line.split(": ", 1) for line in lines[:blank])
    body = "\n".join(lines[blank + 1 :])
    return Request(
        title["title"], int(title["status"]), title["job"], name, method, url, headers, body
    )


def filled(text: str, variables: Mapping[str, str], answers: Mapping[str, Any]) -> str:
    """The text with the values of its variables, and of fields of earlier answers by their name."""

    def value(found: re.Match[str]) -> str:
        if of_response := _OF_RESPONSE.fullmatch(found[1]):
            return str(answers[of_response[1]][of_response[2]])
        return variables[found[1]]

    return _VARIABLE.sub(value, text)
