"""How hard the fuzzers try: a little and always the same in a test run, or as `./dev fuzz` says."""

import os

from hypothesis import HealthCheck, settings

_ASKED = os.environ.get("DORMOUSE_FUZZ_EXAMPLES")

tried = settings(
    max_examples=int(_ASKED or 150),
    derandomize=not _ASKED,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
