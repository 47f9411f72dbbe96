"""How late delayed jobs start: `python -m bench.delays`. Takes about two and a half minutes.

The jobs are submitted 70 to 130 seconds ahead, and dispatched by the sweeps that the local cloud
calls once a minute, as Cloud Scheduler does.
"""

import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.faults.client import Caller
from bench.faults.ledger import runs_by_job
from bench.faults.system import running_system
from bench.faults.watch import Watcher

JOBS = 240
FIRST = timedelta(seconds=70)
SPREAD = timedelta(seconds=60)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        with (
            (Path(folder) / "log").open("wb") as log,
            running_system(log, skewed=False) as system,
            closing(Caller(system.ports)) as caller,
            closing(Watcher(system.ports)) as watcher,
        ):
            start = datetime.now(UTC) + FIRST
            due: dict[str, float] = {}
            for number in range(JOBS):
                run_at = start + SPREAD * number / JOBS
                job_id, _ = caller.submit(
                    "fault.none",
                    {"ledger": str(ledger), "seconds": 0.0},
                    run_at=run_at.isoformat(),
                )
                due[job_id] = run_at.timestamp()
            while watcher.unfinished():
                time.sleep(1)
        runs = runs_by_job(ledger)
        late = sorted(runs[job_id][0].started - moment for job_id, moment in due.items())
    print(f"{len(late)} jobs started after their moment by")
    print(f"min {late[0]:.3f} s, median {statistics.median(late):.3f} s, max {late[-1]:.3f} s")


if __name__ == "__main__":
    main()
