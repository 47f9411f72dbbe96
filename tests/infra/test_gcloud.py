"""Every gcloud command of the documentation and of the build, against an installed SDK."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.processes import ROOT
from tests.infra.sdk_commands import SdkCommands

PLACES = [
    ROOT / "docs" / "deploy.md",
    ROOT / "docs" / "runbook.md",
    *sorted((ROOT / "infra" / "build").glob("*.sh")),
]
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(gcloud [^`]+)`")
# Functions of the scripts, which put these words before what they are given.
_FUNCTIONS = {
    "of_service": "gcloud run services",
    "shift_traffic": "gcloud run services update-traffic",
}


def texts(path: Path) -> str:
    text = path.read_text()
    if path.suffix == ".md":
        text = "\n".join([*_SHELL.findall(text), *_INLINE.findall(text)])
    text = re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE)
    for name, words in _FUNCTIONS.items():
        text = re.sub(rf"^(\s*){name} (?=\S)", rf"\1{words} ", text, flags=re.MULTILINE)
    return text.replace("\\\n", " ")


def commands(path: Path) -> Iterator[list[str]]:
    """The words of each command, up to where it is piped or redirected."""
    text = texts(path)
    for begin in re.finditer(r"\bgcloud (?=[a-z])", text):
        rest = text[begin.end() :]
        words = shlex.shlex(rest, posix=True, punctuation_chars="()|;&<>\n")
        words.whitespace = " \t"
        words.whitespace_split = True
        words.commenters = ""
        found: list[str] = []
        for word in words:
            # What a function hands on is looked at where the function is called.
            if word[0] in "()|;&<>\n":
                break
            found.append(word)
        if "$@" not in rest.partition("\n")[0]:
            yield found


def every_command() -> list[Any]:
    return [
        pytest.param(words, id=f"{path.name}: {' '.join(words)[:60]}")
        for path in PLACES
        if path.exists()
        for words in commands(path)
    ]


@pytest.fixture(scope="session")
def sdk() -> SdkCommands:
    return SdkCommands.installed()


@pytest.mark.parametrize("words", every_command())
def test_a_command_is_there_with_its_flags(sdk: SdkCommands, words: list[str]) -> None:
    """Nothing is written down that the SDK would refuse to parse."""
    assert sdk.refusal(words) is None


def test_commands_are_found() -> None:
    """The two pages and the scripts hold dozens of them."""
    assert len(every_command()) > 50
