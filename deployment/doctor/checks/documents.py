"""Can every document be read?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Snapshot

SHOWN = 3


def check_documents(snapshot: Snapshot) -> Iterator[Finding]:
    if not snapshot.unreadable:
        return
    names = ", ".join(snapshot.unreadable[:SHOWN])
    more = len(snapshot.unreadable) - SHOWN
    yield Finding(
        id="documents-unreadable",
        severity=Severity.WARNING,
        what=f"Since yesterday, documents could not be read: {names}"
        + (f" and {more} more." if more > 0 else "."),
        mend="docs/runbook.md, section `unreadable`: a newer release wrote them, or somebody else.",
    )
