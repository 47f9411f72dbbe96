"""Does each of the worker's callers knock where it is expected, as whom, with which token?"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Call, Service, Snapshot
from jobs.errors import SettingsError
from jobs.settings.settings import Settings
from worker.authentication import accounts

APPLY = "`./dev deploy` sets it right: Terraform has it. If it was changed by hand, change it back."


def check_callers(snapshot: Snapshot) -> Iterator[Finding]:
    worker = snapshot.worker
    if worker:
        try:
            settings = Settings.from_environment("worker", _as_on_cloud_run(worker))
        except SettingsError as refused:
            yield _unusable(worker, refused)
        else:
            for call in _calls(snapshot):
                yield from _check_call(call, worker, settings)
            for account in sorted({*filter(None, accounts(settings).values())}):
                yield from _check_invoker(account, worker, snapshot)
    if snapshot.api:
        yield from _check_api(snapshot.api)


def _calls(snapshot: Snapshot) -> Iterator[Call]:
    for subscription in snapshot.subscriptions or ():
        if subscription.push:
            yield subscription.push
    for scheduled in snapshot.scheduled or ():
        yield scheduled.call


def _check_call(call: Call, worker: Service, settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(call.endpoint)
    known = {worker.url, settings.worker_audience}
    if f"{parts.scheme}://{parts.netloc}" not in known:
        yield Finding(
            id="endpoint-differs",
            what=f"{call.name} calls {call.endpoint}, and the worker is at {worker.url}.",
            mend=APPLY,
        )
    account, given = accounts(settings).get(parts.path), call.account or "nobody"
    if account is None:
        yield Finding(
            id="door-unknown",
            what=f"{call.name} calls {parts.path}, which the worker does not have.",
            mend=APPLY,
        )
    elif call.account.lower() != account.lower():
        yield Finding(
            id="caller-differs",
            what=f"{call.name} calls as {given}; the worker takes {account} only.",
            mend=APPLY,
        )
    expected = settings.worker_audience + parts.path
    if call.audience != expected:
        yield Finding(
            id="audience-differs",
            what=f"{call.name} has tokens made for {call.audience}; the worker wants {expected}.",
            mend=APPLY,
        )
    elif call.audience not in {*worker.audiences, worker.url}:
        yield Finding(
            id="audience-unknown",
            what=f"Cloud Run refuses {call.name}: {call.audience} is no audience of {worker.name}.",
            mend=f"Add it to the service's custom audiences. {APPLY}",
        )


def _check_invoker(account: str, worker: Service, snapshot: Snapshot) -> Iterator[Finding]:
    if worker.invokers is not None and f"serviceAccount:{account}" not in worker.invokers:
        where = f"--project={snapshot.project} --region={snapshot.region}"
        yield Finding(
            id="invoker-missing",
            what=f"Cloud Run refuses {account}: it is no invoker of {worker.name}.",
            mend=f"`gcloud run services add-iam-policy-binding {worker.name} {where}"
            f" --member=serviceAccount:{account} --role=roles/run.invoker`",
        )


def _check_api(api: Service) -> Iterator[Finding]:
    try:
        settings = Settings.from_environment("api", api.environment)
    except SettingsError as refused:
        yield _unusable(api, refused)
        return
    if api.url not in settings.api_audiences and not _is_named(api, settings.api_audiences):
        yield Finding(
            id="api-audience-missing",
            what=f"The API refuses tokens made for its own URL, {api.url}.",
            mend=f"Add the URL to DORMOUSE_API_AUDIENCES. {APPLY}",
        )


def _is_named(service: Service, audiences: tuple[str, ...]) -> bool:
    # Beside the URL that it shows, a service has one made of its name and the project's number.
    return any(one.startswith(f"https://{service.name}-") for one in audiences)


def _as_on_cloud_run(service: Service) -> dict[str, str]:
    return {**service.environment, "K_SERVICE": service.name}


def _unusable(service: Service, refused: SettingsError) -> Finding:
    return Finding(
        id="settings-refused",
        what=f"{service.name} will not start: {refused}",
        mend=f"docs/settings.md says what is taken. {APPLY}",
    )
