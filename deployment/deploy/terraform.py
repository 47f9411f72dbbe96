"""Terraform in the folder of one environment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from deployment.programs import Program

MODULE = "module.dormouse."
DATABASE = f"{MODULE}google_firestore_database.this"
SERVICES = (
    f"{MODULE}google_cloud_run_v2_service.api",
    f"{MODULE}google_cloud_run_v2_service.worker",
)
READY_TO_BUILD = f"{MODULE}terraform_data.ready_to_build"
PLAN = "tfplan"
NO_IMAGES = '{"api": "none@sha256:", "worker": "none@sha256:"}'
"""Names that are there to be parsed: nothing is pulled by them."""
_QUIET = ("-input=false", "-no-color")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a plan does, by the addresses of the resources."""

    made: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Those that are made anew are here too: what they held is gone."""

    def __str__(self) -> str:
        return (
            f"{len(self.made)} to make, {len(self.changed)} to change,"
            f" {len(self.removed)} to remove"
        )


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """Each method raises `ProgramFailed`."""

    program: Program
    variables: tuple[str, ...] = ()

    def inside(self, folder: Path) -> Self:
        """The same in another folder."""
        return replace(self, program=replace(self.program, folder=folder))

    def without_images(self) -> Self:
        """The same where no image was built yet, or none is needed any more."""
        return replace(self, variables=(f"-var=images={NO_IMAGES}",))

    def init(self, bucket: str) -> None:
        """Safe to repeat."""
        self.program.run("init", *_QUIET, "-reconfigure", f"-backend-config=bucket={bucket}")

    def init_without_state(self) -> None:
        """For a look at what would be made: needs a backend on this machine."""
        self.program.run("init", *_QUIET)

    def state(self) -> list[str]:
        """The addresses of what it has made: none where there is no state yet."""
        return addresses_of(self.program.read_json("show", "-json"))

    def plan(self, *options: str) -> Changes:
        """Note in a file what would be done."""
        self.program.run("plan", *_QUIET, f"-out={PLAN}", *self.variables, *options)
        return changes_of(self.program.read_json("show", "-json", PLAN))

    def apply_plan(self) -> None:
        """Do what `plan` noted."""
        self.program.run("apply", *_QUIET, PLAN)

    def apply_only(self, targets: Sequence[str], *options: str) -> None:
        """Make or change these, with what they rest on."""
        chosen = [f"-target={target}" for target in targets]
        self.program.run("apply", *_QUIET, "-auto-approve", *self.variables, *chosen, *options)

    def forget(self, address: str) -> None:
        """Take out of the state what shall stay."""
        self.program.run("state", "rm", address)

    def destroy(self, *options: str) -> None:
        """Remove all that the state holds."""
        self.program.run("destroy", *_QUIET, "-auto-approve", *self.variables, *options)

    def output(self, name: str) -> str:
        return self.program.read("output", "-raw", name)


def addresses_of(shown: Any) -> list[str]:
    """Of a state, as `terraform show -json` writes it.

    https://developer.hashicorp.com/terraform/internals/json-format#state-representation
    """
    modules = [shown.get("values", {}).get("root_module", {})]
    found = []
    for module in modules:
        found += [one["address"] for one in module.get("resources", [])]
        modules += module.get("child_modules", [])
    return found


def changes_of(shown: Any) -> Changes:
    """Of a plan, as `terraform show -json` writes it.

    https://developer.hashicorp.com/terraform/internals/json-format#change-representation
    """
    by_kind: dict[str, list[str]] = {"made": [], "changed": [], "removed": []}
    for resource in shown.get("resource_changes", []):
        actions = set(resource["change"]["actions"])
        if "delete" in actions:
            by_kind["removed"].append(resource["address"])
        elif "create" in actions:
            by_kind["made"].append(resource["address"])
        elif "update" in actions:
            by_kind["changed"].append(resource["address"])
    return Changes(**{kind: tuple(addresses) for kind, addresses in by_kind.items()})
