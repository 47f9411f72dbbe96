"""The Terraform files of `infra/`, as data. Expressions stay as they are written."""

from functools import cache, cached_property
from pathlib import Path
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions

from local.processes import ROOT

INFRA = ROOT / "infra"
_PLAIN = SerializationOptions(
    with_comments=False, explicit_blocks=False, strip_string_quotes=True, preserve_heredocs=False
)


class Terraform:
    """A module: every file of a folder, as Terraform itself takes them together."""

    def __init__(self, folder: Path = INFRA) -> None:
        self._folder = folder

    @cached_property
    def _files(self) -> list[dict[str, Any]]:
        files = []
        for path in sorted(self._folder.glob("*.tf")):
            with path.open() as file:
                files.append(hcl2.load(file, serialization_options=_PLAIN))
        return files

    def _blocks(self, kind: str) -> list[dict[str, Any]]:
        return [block for file in self._files for block in file.get(kind, [])]

    @cached_property
    def locals(self) -> dict[str, Any]:
        return {name: value for block in self._blocks("locals") for name, value in block.items()}

    @cached_property
    def resources(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By type and name."""
        return {
            (kind, name): body
            for block in self._blocks("resource")
            for kind, named in block.items()
            for name, body in named.items()
        }

    @cached_property
    def variables(self) -> dict[str, dict[str, Any]]:
        return {name: body for block in self._blocks("variable") for name, body in block.items()}

    def text(self) -> str:
        """All files, one after another."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.tf")))


@cache
def the_module() -> Terraform:
    """`infra/` itself, the same one for all tests: reading takes seconds."""
    return Terraform()
