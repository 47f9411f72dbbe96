import pytest

from tests.infra.terraform import Terraform


@pytest.fixture(scope="session")
def terraform() -> Terraform:
    return Terraform()
