"""What `./dev audit` makes of pip-audit's report. The tools themselves need a network."""

import pytest

from local.audit import NOT_ASKED, VULNERABLE, Findings, findings_of, status_of

FLASK = {"name": "flask", "version": "3.1.1", "vulns": []}
PILLOW = {
    "name": "pillow",
    "version": "11.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["11.1", "12.0"]}],
}
UNKNOWN = {"name": "duckdb", "skip_reason": "Dependency not found on PyPI"}


def test_a_report() -> None:
    """What is vulnerable is named with what mends it; what was not asked for is no clean bill."""
    assert findings_of({"dependencies": [FLASK, PILLOW, UNKNOWN]}) == Findings(
        vulnerable=("pillow 11.0: PYSEC-2026-1, mended in 11.1, 12.0",), unknown=("duckdb",)
    )


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        (Findings(), 0),
        (Findings(unknown=("duckdb",)), NOT_ASKED),
        (Findings(vulnerable=("pillow",)), VULNERABLE),
        (Findings(vulnerable=("pillow",), unknown=("duckdb",)), VULNERABLE),
    ],
)
def test_the_exit_status(findings: Findings, status: int) -> None:
    """A silent database does not look like a clean one."""
    assert status_of(findings) == status
