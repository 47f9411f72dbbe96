# ruff: noqa: INP001, T201 - a script of the build
"""Does a deployed API take a job, and does the job reach its result?

Reads an identity token for the API from TOKEN. Exits with 0 if every answer was as it should be.
"""

import argparse
import json
import os
import sys
import time
import urllib.request
from collections.abc import Sequence
from typing import Any

WAIT_SECONDS = 20
"""How long one request waits for a job: well within the service's own timeout."""


class SmokeError(Exception):
    """What was not as it should be."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where the API is")
    parser.add_argument("--job-type", default="table.profile", help="whose example is submitted")
    parser.add_argument("--until-worker", metavar="REVISION", help="repeat until it ran a job")
    parser.add_argument("--tries", type=int, default=1, help="how many jobs to submit at most")
    parser.add_argument("--seconds", type=float, default=120, help="how long a job may take")
    chosen = parser.parse_args(arguments)
    api = Api(chosen.url, os.environ["TOKEN"])
    try:
        for _ in range(chosen.tries):
            job = api.run_example(chosen.job_type, chosen.seconds)
            worker = job["attempts"][-1]["worker"]
            print(f"{job['id']} succeeded on {worker}", flush=True)
            if chosen.until_worker in (None, worker):
                return 0
    except (SmokeError, OSError) as error:
        print(f"The smoke test failed: {error}", file=sys.stderr)
        return 1
    print(f"{chosen.until_worker} ran none of {chosen.tries} jobs.", file=sys.stderr)
    return 1


class Api:
    """Raises `OSError` where the API does not answer, or refuses."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def run_example(self, job_type: str, seconds: float) -> dict[str, Any]:
        """Submit the job type's own example and return the finished job. Raises `SmokeError`."""
        health = self._call("/v1/health")
        if health["status"] != "ok":
            raise SmokeError(f"the API's health is {health}")
        payload = self._call(f"/v1/job-types/{job_type}")["example"]
        job: dict[str, Any] = self._call("/v1/jobs", {"type": job_type, "payload": payload})
        until = time.monotonic() + seconds
        while job["finished_at"] is None:
            if time.monotonic() > until:
                raise SmokeError(f"job {job['id']} is still {job['status']} after {seconds:.0f} s")
            job = self._call(f"/v1/jobs/{job['id']}?wait={WAIT_SECONDS}")
        if job["status"] != "succeeded" or job["result"] is None:
            raise SmokeError(f"job {job['id']} is {job['status']}: {job['error']}")
        return job

    def _call(self, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the build's own URL
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 20) as response:  # noqa: S310 - likewise
            return json.load(response)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
