"""Who gets in: the API lets everybody reach the application, the worker nobody but its callers."""

from collections.abc import Iterator

from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Snapshot

ANYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})


def check_doors(snapshot: Snapshot) -> Iterator[Finding]:
    api, worker = snapshot.api, snapshot.worker
    where = f"--project={snapshot.project} --region={snapshot.region}"
    if api and api.invoker_check and "allUsers" not in (api.invokers or ()):
        yield Finding(
            id="api-closed",
            what="Cloud Run refuses callers of the API before it can verify them itself.",
            mend=f"`gcloud run services update {api.name} --no-invoker-iam-check {where}`",
        )
    if worker and not worker.invoker_check:
        yield Finding(
            id="worker-unchecked",
            what="Cloud Run lets anybody call the worker: its invoker check is off.",
            mend=f"`gcloud run services update {worker.name} --invoker-iam-check {where}`",
        )
    if worker and worker.ingress != "internal":
        yield Finding(
            id="worker-exposed",
            what=f"The worker can be reached from outside: its ingress is {worker.ingress}.",
            mend=f"`gcloud run services update {worker.name} --ingress=internal {where}`",
        )
    if worker:
        for member in sorted(ANYBODY & (worker.invokers or frozenset())):
            yield Finding(
                id="worker-open",
                what=f"{member} may call the worker.",
                mend=f"`gcloud run services remove-iam-policy-binding {worker.name} {where}"
                f" --member={member} --role=roles/run.invoker`",
            )
