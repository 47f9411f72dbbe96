"""A deployment of the default size fits into a new project."""

import json
import re
from typing import Any

from local.processes import ROOT
from tests.infra.terraform import Terraform

QUOTAS = json.loads((ROOT / "infra" / "quotas.json").read_text())


def defaults(terraform: Terraform, name: str) -> dict[str, Any]:
    """The defaults of an object variable's attributes: `optional(number, 5)`."""
    text = terraform.text()
    block = text[text.index(f'variable "{name}" {{') :]
    block = block[: block.index("\n}\n")]
    found = re.findall(r"(\w+)\s*=\s*optional\(\w+, \"?([\w.]+)\"?\)", block)
    assert found
    return dict(found)


def gib(size: dict[str, Any]) -> float:
    if "memory_mib" in size:
        return int(size["memory_mib"]) / 1024
    return int(size["memory"].removesuffix("Mi")) / 1024


def test_both_services_at_their_largest_fit_the_quota(terraform: Terraform) -> None:
    """Cloud Run refuses a service whose most instances could exceed what the project may have."""
    sizes = [defaults(terraform, name) for name in ("api", "worker")]
    vcpus = sum(int(size["max_instances"]) * float(size["cpu"]) for size in sizes)
    memory = sum(int(size["max_instances"]) * gib(size) for size in sizes)
    assert vcpus <= QUOTAS["run_vcpus"]
    assert memory <= QUOTAS["run_memory_gib"]
