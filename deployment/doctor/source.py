"""Where what is known of a deployment comes from: gcloud's answers, and two addresses."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from deployment.programs import Program, ProgramFailed

_SECONDS = 20.0


class Unreadable(Exception):
    """Why something could not be read."""


@dataclass(frozen=True)
class Page:
    """An answer by HTTP, whatever its status."""

    headers: Mapping[str, str]
    body: Any


class Source(Protocol):
    """Reads only. Raises `Unreadable`."""

    def gcloud(self, *words: str) -> Any:
        """What a command of gcloud answers, with `--format=json` added."""

    def page(self, url: str, body: Any = None) -> Page:
        """What an address answers in JSON. With a body it is a POST with the person's own token."""


@dataclass(frozen=True)
class LiveSource:
    """A project, as whoever is logged in to gcloud sees it."""

    program: Program

    def gcloud(self, *words: str) -> Any:
        try:
            return self.program.read_json(*words, "--format=json", "--quiet")
        except ProgramFailed as failed:
            raise Unreadable(failed.said.partition("\n")[0] or str(failed)) from failed

    def page(self, url: str, body: Any = None) -> Page:
        headers = {}
        if body is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(  # noqa: S310 - https, of this deployment or Google
            url, None if body is None else json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(asked, timeout=_SECONDS) as response:  # noqa: S310 - likewise
                return Page(dict(response.headers), json.load(response))
        except urllib.error.HTTPError as error:
            with error:
                return Page(dict(error.headers), _json_or_none(error.read()))
        except (OSError, ValueError) as error:
            raise Unreadable(f"{url} does not answer: {error}") from error

    def _token(self) -> str:
        try:
            return self.program.read("auth", "print-access-token")
        except ProgramFailed as failed:
            raise Unreadable(failed.said) from failed


def _json_or_none(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
