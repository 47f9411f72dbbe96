"""What a branch that nobody has reviewed may do."""

import re

import yaml  # type: ignore[import-untyped]  # it ships no types, and safe_load gives plain data

from local.processes import ROOT

BUILD = (ROOT / "infra" / "build.tf").read_text()
TRIGGER = BUILD[BUILD.index('resource "google_cloudbuild_trigger" "test"') :].split("\n}\n")[0]


def test_a_branch_is_built_by_an_account_that_only_writes_logs() -> None:
    """Nothing in the module grants the account anything else."""
    assert "service_account = google_service_account.test.id" in TRIGGER
    granted = []
    for path in (ROOT / "infra").glob("*.tf"):
        for block in path.read_text().split("\n}\n"):
            if "google_service_account.test.member" in block:
                granted += re.findall(r'"(roles/[^"]+)"', block)
    assert granted == ["roles/logging.logWriter"]


def test_a_branch_can_not_choose_its_account() -> None:
    """The definition is the trigger's own, and its steps are those of cloudbuild.yaml."""
    assert "filename" not in TRIGGER
    steps = {
        one["id"]: one for one in yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())["steps"]
    }
    inline = re.findall(
        r'id\s+= "(\w+)"\s+name\s+= "([^"]+)".*?args\s+= \["([^"]+)"\]', TRIGGER, re.DOTALL
    )
    assert [name for name, _, _ in inline] == ["test", "audit"]
    for name, image, script in inline:
        assert (image, [script]) == (steps[name]["name"], steps[name]["args"])
