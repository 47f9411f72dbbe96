"""The emulators fixture itself."""

import urllib.request

from tests.conftest import Emulators


def test_both_emulators_answer(emulators: Emulators) -> None:
    """A test that asks for the emulators gets them running."""
    for address in (emulators.firestore, emulators.pubsub):
        with urllib.request.urlopen(f"http://{address}/", timeout=5) as response:
            assert response.read().strip() == b"Ok"
