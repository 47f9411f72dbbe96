"""`./dev doctor --project P`: put together."""

from collections.abc import Mapping
from pathlib import Path

from deployment.doctor.checks import examine
from deployment.doctor.findings import Finding
from deployment.doctor.reading import Reading
from deployment.doctor.report import Report
from deployment.doctor.source import LiveSource, Unreadable
from deployment.doctor.wanted import wanted_here
from deployment.programs import ProgramMissing, find_gcloud

LOOKED_AT = (
    "the services' settings, sizes and rights, who may call the worker, subscriptions and dead"
    " letters, deadlines, indexes and expiry in Firestore, the sweep, documents that can't be read,"
    " triggers, and the API's health and clock"
)


def examine_project(
    project: str, *, name: str, root: Path, environment: Mapping[str, str]
) -> Report:
    """Changes nothing there. What can't be read is a finding of its own."""
    try:
        source = LiveSource(find_gcloud(environment, root))
        reading = Reading(source, project=project, name=name, wanted=wanted_here(root))
        findings = examine(reading.snapshot())
    except ProgramMissing as missing:
        findings = [Finding(id="gcloud-missing", what="gcloud is not there.", mend=str(missing))]
    except Unreadable as why:
        findings = [
            Finding(
                id="project-not-read",
                what=f"Project {project} can't be looked at: {why}",
                mend="`gcloud auth login`, as somebody with `roles/viewer` on the project.",
            )
        ]
    return Report(examined=project, looked_at=LOOKED_AT, findings=findings)
