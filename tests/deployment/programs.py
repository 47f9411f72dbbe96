"""Stand-ins for the two programs on a PATH of their own, and what they were asked to do."""

import json
import os
import shlex
import shutil
from pathlib import Path

from tests.infra.sdk_commands import SdkCommands, terraform_refusal

STAND_IN = Path(__file__).parent / "stand_in.sh"
_SEPARATOR = "\x1f"


class StandIns:
    """Real processes: what they are called with is what the real programs would get."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        self._calls = folder / "calls"
        self._answers = folder / "answers.sh"
        self._list: list[str] = []
        self._answers.touch()
        self._notes = ""

    def install(self, name: str) -> None:
        program = self._bin / name
        shutil.copy(STAND_IN, program)
        program.chmod(0o755)

    def answer(
        self, to: str, out: object = "", *, status: int = 0, err: str = "", once: bool = False
    ) -> None:
        """Answer calls that match a pattern of the shell; what was said last comes first."""
        text = out if isinstance(out, str) else json.dumps(out)
        pattern = "*".join(shlex.quote(part) for part in to.split("*"))
        said = f"printf %s {shlex.quote(text)}; printf %s {shlex.quote(err)} >&2; exit {status}"
        if once:
            mark = shlex.quote(f"{self._calls}.{len(self._list)}")
            said = f"[ -e {mark} ] || {{ : >{mark}; {said}; }}"
        self._list.insert(0, f'case "$line" in {pattern}) {said} ;; esac')
        self._answers.write_text("\n".join(self._list) + "\n:\n")

    @property
    def environment(self) -> dict[str, str]:
        git = Path(str(shutil.which("git"))).parent
        return {
            "PATH": f"{self._bin}:{git}",
            "HOME": os.environ.get("HOME", "/"),
            "STAND_IN_CALLS": str(self._calls),
            "STAND_IN_ANSWERS": str(self._answers),
            "STAND_IN_NOTES": self._notes,
        }

    @property
    def calls(self) -> list[list[str]]:
        if not self._calls.exists():
            return []
        lines = self._calls.read_text().split("\n")
        return [line.split(_SEPARATOR)[:-1] for line in lines if line]

    @property
    def lines(self) -> list[str]:
        return [" ".join(call) for call in self.calls]

    def notes_file(self, name: str) -> None:
        """From now on, keep what this file of the working folder holds while a program runs."""
        self._notes = name

    @property
    def noted(self) -> set[str]:
        """What the file held."""
        return {path.read_text() for path in self._calls.parent.glob("calls.*.noted")}

    def forget(self) -> None:
        """What was called until now."""
        self._calls.unlink(missing_ok=True)

    def check_what_was_called(self) -> None:
        """Every call would be parsed by the programs that are installed here."""
        for program, *words in self.calls:
            if program == "gcloud":
                assert SdkCommands.installed().refusal(words) is None
            elif words != ["version", "-json"]:
                assert terraform_refusal(words) is None
