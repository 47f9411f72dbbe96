import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import handlers
from jobs.job_types import JobType

ROOT = Path(handlers.__file__).parent.parent
HEAVY = {"PIL", "duckdb", "h11", "httpcore", "idna", "numpy", "requests", "ssl", "urllib3"}


def test_dormouse_comes_with_three() -> None:
    """The job types that the documentation names are there."""
    names = {kind.name for kind in handlers.REGISTRY}

    assert {"http.request", "image.thumbnail", "table.profile"} <= names


def test_importing_the_handlers_imports_nothing_heavy() -> None:
    """The API reads the same files to validate payloads, and must start without their libraries."""
    code = """
import sys, handlers, msgspec
for kind in handlers.REGISTRY:
    kind.decode(msgspec.json.encode(kind.example))
    msgspec.json.schema(kind.payload_type), msgspec.json.schema(kind.result_type)
print(*{name.partition(".")[0] for name in sys.modules})
"""
    ran = subprocess.run(  # noqa: S603 - this interpreter, and the code above
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    imported = set(ran.stdout.split())
    assert "handlers" in imported
    assert imported & HEAVY == set()


@pytest.mark.parametrize("kind", list(handlers.REGISTRY), ids=lambda kind: str(kind.name))
def test_a_job_type_is_fit_to_be_shown(kind: JobType[Any, Any]) -> None:
    """Its example is a valid payload, and its schemas say what every field means."""
    assert kind.decode(msgspec.json.encode(kind.example)) == kind.example
    assert kind.description
    schema = msgspec.json.schema(kind.payload_type)["$defs"][kind.payload_type.__name__]
    assert schema["additionalProperties"] is False
    undescribed = [
        name for name, field in schema["properties"].items() if "description" not in field
    ]
    assert undescribed == []
    assert msgspec.json.schema(kind.result_type)
