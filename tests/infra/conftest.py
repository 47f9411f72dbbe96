import pytest

from tests.infra.terraform import Terraform, the_module


@pytest.fixture(scope="session")
def terraform() -> Terraform:
    return the_module()
