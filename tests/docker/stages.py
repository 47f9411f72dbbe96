"""A Dockerfile taken apart, as far as the tests look into it."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """One `FROM` and what follows it: pairs of instruction and argument."""

    base: str
    name: str | None
    instructions: tuple[tuple[str, str], ...]

    def arguments(self, instruction: str) -> list[str]:
        return [argument for name, argument in self.instructions if name == instruction]

    @property
    def command(self) -> list[str]:
        """`CMD` in its exec form; fails for the shell form, which is no JSON."""
        [argument] = self.arguments("CMD")
        command: list[str] = json.loads(argument)
        return command

    @property
    def copied_from_context(self) -> set[str]:
        """The files and folders of the repository that the stage takes."""
        copies = [words.split() for words in self.arguments("COPY") if "--from=" not in words]
        return {source for *sources, _target in copies for source in sources}


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile in their order."""
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found: list[Stage] = []
    for line in filter(None, text.splitlines()):
        instruction, argument = line.split(maxsplit=1)
        if instruction == "FROM":
            base, _, name = argument.partition(" AS ")
            found.append(Stage(base, name or None, ()))
        else:
            said = (instruction, " ".join(argument.split()))
            found[-1] = replace(found[-1], instructions=(*found[-1].instructions, said))
    return found
