"""docs/postman.json."""

import json
from pathlib import Path

from api.reference.postman import collection
from handlers import REGISTRY
from tests.api.conftest import Harness

FILE = Path(__file__).parents[2] / "docs" / "postman.json"


def test_the_kept_collection_is_the_one_that_is_made_now() -> None:
    """Whoever changes the API makes the collection anew."""
    is_current = json.loads(FILE.read_text()) == collection(REGISTRY)
    assert is_current, "run: python -m api.reference.postman > docs/postman.json"


def test_has_a_request_for_every_operation(harness: Harness) -> None:
    """Each operation of the document is a request, by its path and method."""
    document = harness.nobody.get("/openapi.json").get_json()
    documented = {
        (method.upper(), path.replace("{", "{{").replace("}", "}}"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    made = {
        (item["request"]["method"], item["request"]["url"]["raw"].removeprefix("{{base_url}}"))
        for folder in collection(REGISTRY)["item"]
        for item in folder["item"]
    }
    assert made == documented
