"""Has Firestore the indexes that the code's queries need, and deletes it what has expired?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Database, IndexFields, Snapshot

APPLY = "`./dev deploy` makes it: infra/firestore-indexes.json has it."
READY, ACTIVE = "READY", "ACTIVE"


def check_database(snapshot: Snapshot) -> Iterator[Finding]:
    database, wanted = snapshot.database, snapshot.wanted
    if not database:
        return
    for index in sorted(wanted.indexes):
        yield from _check_index(index, database)
    for collection, field in sorted(wanted.unindexed - database.unindexed):
        yield Finding(
            id="field-indexed",
            severity=Severity.WARNING,
            what=f"{collection}.{field} has an index that no query needs: writes are slower, and"
            " where it holds times there are at most 500 a second.",
            mend=APPLY,
        )
    for collection, field in sorted(wanted.ttl):
        state = database.ttl.get((collection, field))
        if state != ACTIVE:
            yield Finding(
                id="ttl-missing",
                severity=Severity.WARNING,
                what=f"Nothing deletes from {collection} by {field}"
                f" ({state or 'there is no policy'}): finished jobs stay, and are paid for.",
                mend=f"`gcloud firestore fields ttls update {field} --enable-ttl"
                f" --collection-group={collection} --project={snapshot.project}`",
            )


def _check_index(index: tuple[str, IndexFields], database: Database) -> Iterator[Finding]:
    collection, fields = index
    named = f"{collection} ({', '.join(f'{path} {order}' for path, order in fields)})"
    state = database.indexes.get(index)
    if state is None:
        yield Finding(
            id="index-missing",
            what=f"There is no index {named}: Firestore refuses queries that need it.",
            mend=APPLY,
        )
    elif state != READY:
        yield Finding(
            id="index-not-ready",
            what=f"The index {named} is {state}: Firestore refuses queries that need it.",
            mend="An index that is CREATING needs time. One that NEEDS_REPAIR is deleted and made"
            " again: `./dev deploy`.",
        )
