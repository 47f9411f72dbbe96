"""Findings for people, and for machines."""

from collections.abc import Sequence

import msgspec

from deployment.doctor.findings import Finding


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints. `examined` is the project, or this machine; `looked_at` what of it."""

    examined: str
    looked_at: str
    findings: Sequence[Finding]

    @property
    def status(self) -> int:
        """The exit status: 1 if something is wrong."""
        return 1 if self.findings else 0

    def json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self)).decode()

    def text(self) -> str:
        if not self.findings:
            return f"{self.examined}: nothing is wrong. Looked at: {self.looked_at}."
        blocks = [
            f"{one.severity}: {one.what} [{one.id}]\n  mend it: {one.mend}" for one in self.findings
        ]
        count = len(blocks)
        blocks.append(f"{self.examined}: {count} finding{'s' if count > 1 else ''}.")
        return "\n\n".join(blocks)
