"""Google's generated messages, without the clients that come with them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PACKAGES = {
    "google.cloud.firestore_v1": ("firestore", "from google.cloud import firestore"),
    "google.pubsub_v1": ("pubsub", "from google.cloud import pubsub_v1"),
}


def _python(*statements: str) -> None:
    """Run the statements in a fresh interpreter, as strict with warnings as these tests are."""
    command = [sys.executable, "-W", "error", "-c", "\n".join(statements)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_no_client_is_imported(package: str) -> None:
    """The messages come without the package's clients and what these import."""
    module, _ = PACKAGES[package]
    _python(
        "import sys",
        "from jobs.generated import messages",
        f"made = messages({package!r}, {module!r})",
        f"assert made.__name__ == {package + '.types.' + module!r}",
        f"assert {package!r} not in sys.modules",
        f"assert not [name for name in sys.modules if name.startswith({package + '.services'!r})]",
        "assert 'google.api_core.gapic_v1' not in sys.modules",
    )


def test_the_adapters_import_no_client() -> None:
    """Both adapters can be imported without any of Google's clients."""
    _python(
        "import sys",
        "import jobs.firestore, jobs.pubsub",
        "clients = [name for name in sys.modules if '.services.' in name]",
        "assert not clients, clients",
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_the_official_client_works_afterwards(package: str) -> None:
    """The official client can still be imported in the same process, with the same messages."""
    module, official = PACKAGES[package]
    _python(
        "from jobs.generated import messages",
        f"made = messages({package!r}, {module!r})",
        official,
        f"from {package} import types",
        f"from {package}.types import {module}",
        f"assert {module} is types.{module} is made",
        f"assert messages({package!r}, {module!r}) is made",
    )


def test_clients_that_were_imported_afterwards_make_requests() -> None:
    """The official clients make their requests of the very messages that were loaded before."""
    _python(
        "import jobs.firestore, jobs.pubsub",
        "from google.auth.credentials import AnonymousCredentials",
        "from google.cloud import firestore, pubsub_v1",
        "client = firestore.Client(project='p', credentials=AnonymousCredentials())",
        "batch = client.batch()",
        "batch.set(client.document('jobs/one'), {'a': 1})",
        "(write,) = batch._write_pbs",
        "assert type(write).pb(write).update.fields['a'].integer_value == 1",
        "topic = pubsub_v1.PublisherClient.topic_path('p', 't')",
        "message = pubsub_v1.types.PublishRequest(topic=topic, messages=[{'data': b'x'}])",
        "assert message.messages[0].data == b'x'",
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_the_official_client_was_there_before(package: str) -> None:
    """Where the official client is imported already, its messages are used."""
    module, official = PACKAGES[package]
    _python(
        official,
        "import sys",
        "from jobs.generated import messages",
        f"whole = sys.modules[{package!r}]",
        f"made = messages({package!r}, {module!r})",
        f"assert sys.modules[{package!r}] is whole",
        "assert made is sys.modules[made.__name__]",
    )


def test_a_package_that_is_not_there() -> None:
    """A package that is not installed is said not to be."""
    _python(
        "from jobs.generated import messages",
        "try:",
        "    messages('no_such_package', 'x')",
        "except ImportError as error:",
        "    assert 'no_such_package is not installed' in str(error)",
        "else:",
        "    raise AssertionError",
    )
