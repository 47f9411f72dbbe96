"""What this repository's code needs of a deployment, read from its own files."""

import json
import runpy
from pathlib import Path

from deployment.doctor.snapshot import Wanted


def wanted_here(root: Path) -> Wanted:
    """`tests/infra` holds the list of indexes to the code's queries."""
    listed = json.loads((root / "infra" / "firestore-indexes.json").read_text())
    return Wanted(
        threads={
            service: runpy.run_path(str(root / service / "gunicorn.conf.py"))["threads"]
            for service in ("api", "worker")
        },
        indexes=frozenset(
            (
                index["collection"],
                tuple((one["path"], one.get("order") or one["array"]) for one in index["fields"]),
            )
            for index in listed["indexes"]
        ),
        unindexed=frozenset(
            (collection, name)
            for collection, names in listed["unindexed"].items()
            for name in names
        ),
        ttl=frozenset(listed["ttl"].items()),
    )
