"""Patterns of documents' paths."""

import pytest

from jobs.triggers.pattern import Pattern


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("orders/{id}", "orders/17", {"id": "17"}),
        ("orders/{id=*}", "orders/a b.c", {"id": "a b.c"}),
        ("orders/17", "orders/17", {}),
        ("orders/*", "orders/17", {}),
        ("shops/{shop}/orders/{id}", "shops/a/orders/b", {"shop": "a", "id": "b"}),
        ("shops/{rest=**}", "shops/a/orders/b", {"rest": "a/orders/b"}),
        ("{any=**}", "a/b", {"any": "a/b"}),
        ("{collection}/{id}", "a/b", {"collection": "a", "id": "b"}),
    ],
)
def test_matching(pattern: str, path: str, params: dict[str, str]) -> None:
    """A matching path gives what the pattern's names stand for."""
    assert Pattern(pattern).match(path) == params


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("orders/{id}", "orders/17/lines/1"),
        ("orders/{id}", "order/17"),
        ("orders/{id}", "orders/"),
        ("orders/{id}", "orders"),
        ("orders.x/{id}", "orders1x/17"),
        ("shops/{rest=**}", "shops"),
    ],
)
def test_not_matching(pattern: str, path: str) -> None:
    """Segments match as a whole, and literally."""
    assert Pattern(pattern).match(path) is None


@pytest.mark.parametrize(
    "pattern",
    ["", "/", "orders", "orders/{id}/lines", "orders/{}", "orders/{a-b}", "orders//x", "/orders/x",
     "orders/x{id}", "a/{b=**}/c/d", "a/{b}/c/{b}", "orders/{id", "a/b=*}", "a/{b=***}"],
)  # fmt: skip
def test_no_pattern(pattern: str) -> None:
    """What can match no document, or is not well-formed, is refused."""
    with pytest.raises(ValueError, match=r"pattern|collection's|two segments|elsewhere"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "reaches"),
    [
        ("jobs/{id}", True),
        ("jobs/17", True),
        ("{collection}/{id}", True),
        ("*/*", True),
        ("**", True),
        ("{any=**}", True),
        ("jobs/{rest=**}", True),
        ("jobs/{id}/notes/{note}", False),
        ("jobs2/{id}", False),
        ("{a}/{b}/{c}/{d}", False),
        ("a/b/{rest=**}", False),
    ],
)
def test_reaching_a_collection(pattern: str, *, reaches: bool) -> None:
    """A pattern reaches a collection if it can match one of its documents."""
    assert Pattern(pattern).reaches("jobs") is reaches
