"""Cold starts: what the interpreter's log says, and what the page makes of it."""

import pytest

from bench.cold_start.figures import ColdStarts, Imports, Start
from bench.cold_start.imports import STANDARD, by_package, package_of
from bench.cold_start.report import page
from bench.cold_start.starts import SUBJECTS, DidNotStart, Subject, start

LOG = """\
import time: self [us] | cumulative | imported package
import time:      1500 |       1500 |     json.decoder
import time:       500 |       2000 |   json
a line of the service's own
import time:      4000 |       6000 | google.protobuf.message
import time:      1000 |       1000 |   google.auth
import time:       250 |        250 | flask
"""


def test_a_modules_own_time_goes_to_its_package() -> None:
    """What a module imports is not counted twice, and the costliest package comes first."""
    imports = by_package(LOG)
    assert dict(imports.packages) == {
        "google.protobuf": 4.0,
        STANDARD: 2.0,
        "google.auth": 1.0,
        "flask": 0.25,
    }
    assert next(iter(imports.packages)) == "google.protobuf"
    assert imports.total == 7.25


@pytest.mark.parametrize(
    ("module", "package"),
    [("google", "google"), ("_socket", STANDARD), ("sys", STANDARD), ("api.jobs.routes", "api")],
)
def test_packages(module: str, package: str) -> None:
    """Built-in modules are the standard library's; a namespace alone is itself."""
    assert package_of(module) == package


def test_each_service_is_held_against_the_bare_one_before_it() -> None:
    """Twice as long as bare Flask is within the target, a little more is beyond."""
    found = ColdStarts(
        circumstances={"machine": "a test"},
        starts={
            "bare": [a_start(0.2), a_start(0.4)],
            "API": [a_start(0.4), a_start(0.8)],
            "bare again": [a_start(0.2)],
            "worker": [a_start(0.42)],
        },
        imports={"API": Imports(packages={"flask": 30.0, "grpc": 10.0})},
    )
    shown = page(found)
    assert "| API | 600 (400 to 800) | 2.00, within 2 |" in shown
    assert "| worker | 420 (420 to 420) | 2.10, beyond 2 |" in shown
    assert "| flask | 30.0 |" in shown
    assert "| all, with those not shown | 40.0 |" in shown


def test_a_service_that_does_not_start_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """The reason is what the service wrote before it died."""
    bare = SUBJECTS[0]
    broken = Subject(
        "broken", lambda ports: [*bare.command(ports)[:-1], "no.such.module:build()"], bare.port
    )
    with pytest.raises(DidNotStart):
        start(broken)
    assert "No module named 'no'" in capfd.readouterr().err


def a_start(seconds: float) -> Start:
    return Start(seconds=seconds, cpu_seconds=0.1, pss_mib=30)
