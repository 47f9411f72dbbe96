"""What the handlers' tests share: a context, and a web server that it may reach."""

from collections.abc import Callable, Iterator

import pytest

from jobs.context import Context
from tests.handlers.network import Network
from tests.handlers.recording import RecordingLink, a_context
from tests.handlers.web import Web


@pytest.fixture
def make_context() -> Callable[..., Context]:
    """Makes the context of an attempt; what matters to a test is said by keyword."""
    return a_context


@pytest.fixture
def link() -> RecordingLink:
    return RecordingLink()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web().serving() as serving:
        yield serving


@pytest.fixture
def ctx(web: Web, link: RecordingLink) -> Context:
    """A context that may reach `web`, and nothing else that is not public."""
    return a_context(allowed_hosts=frozenset({web.host_and_port}), link=link)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Watches connections and answers look-ups for the names that a test gives it."""
    network = Network()
    network.install(monkeypatch)
    return network
