"""The API Gateway's document: what Terraform makes of the one that the API really serves."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from api.app import add_routes
from api.reference.reference import Reference
from handlers import REGISTRY
from tests.infra.terraform import INFRA

METHODS = {"get", "post", "put", "patch", "delete"}
# What the file's locals refer to, beside themselves.
_AROUND = """
variable "gateway_document" { type = string }
variable "name" { default = "dormouse" }
locals {
  api_url             = "https://api.example.com"
  api_timeout_seconds = 60
}
"""


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    app = Flask("api")
    add_routes(app)
    document: dict[str, Any] = json.loads(Reference(app, REGISTRY).document)
    return document


@pytest.fixture(scope="module")
def made(served: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By Terraform itself, from the file's own locals."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("gateway")
    text = (INFRA / "gateway.tf").read_text()
    block = re.search(r"^locals {.*?^}", text, re.DOTALL | re.MULTILINE)
    assert block
    (folder / "main.tf").write_text(_AROUND + block[0])
    given = {"gateway_document": json.dumps(served)}
    (folder / "terraform.tfvars.json").write_text(json.dumps(given))
    ran = subprocess.run(  # noqa: S603 - terraform
        [terraform, "console"],
        cwd=folder,
        input="local.gateway_document",
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(json.loads(ran.stdout))
    return document


def test_it_is_openapi(made: dict[str, Any]) -> None:
    """Version 3.0 of it, which the gateway reads."""
    assert made["openapi"].startswith("3.0.")
    validate(made)


def test_it_has_every_path_that_is_served(served: dict[str, Any], made: dict[str, Any]) -> None:
    """With the same methods, and no other."""
    expected = {path: METHODS & set(item) for path, item in served["paths"].items()}
    assert {path: set(item) for path, item in made["paths"].items()} == expected


def test_each_operation_has_a_name_of_its_own(made: dict[str, Any]) -> None:
    """Google's extension of the document needs one for each."""
    names = [
        operation["operationId"] for item in made["paths"].values() for operation in item.values()
    ]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z]\w*", name) for name in names)
