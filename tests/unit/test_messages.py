"""Google's messages, without the packages that they come from."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.gcp.messages import DEFINITIONS, message
from local.messages import definitions

ROOT = Path(__file__).parents[2]


def _python(*statements: str) -> None:
    """Run the statements in a fresh interpreter, as strict with warnings as these tests are."""
    command = [sys.executable, "-W", "error", "-c", "\n".join(statements)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr


def test_the_definitions_are_googles() -> None:
    """The file holds what the installed packages define; `./dev lock` writes it."""
    assert DEFINITIONS.read_bytes() == definitions()


def test_the_adapters_import_nothing_of_the_packages() -> None:
    """Both adapters come without the clients, and without the machinery of their messages."""
    _python(
        "import sys",
        "import jobs.gcp.firestore, jobs.gcp.pubsub",
        "heavy = ('google.cloud', 'google.pubsub', 'google.api_core', 'proto')",
        "assert not [name for name in sys.modules if name.startswith(heavy)]",
    )


def test_the_bytes_are_the_official_clients() -> None:
    """What one side writes the other reads, in the same process."""
    _python(
        "import jobs.gcp.firestore, jobs.gcp.pubsub",
        "from jobs.gcp.messages import message",
        "from google.auth.credentials import AnonymousCredentials",
        "from google.cloud import firestore, pubsub_v1",
        "client = firestore.Client(project='p', credentials=AnonymousCredentials())",
        "batch = client.batch()",
        "batch.set(client.document('jobs/one'), {'a': 1})",
        "(write,) = batch._write_pbs",
        "ours = message('google.firestore.v1.Write').FromString(type(write).serialize(write))",
        "assert ours.update.fields['a'].integer_value == 1",
        "assert type(write).deserialize(ours.SerializeToString()) == write",
        "topic = pubsub_v1.PublisherClient.topic_path('p', 't')",
        "ours = message('google.pubsub.v1.PublishRequest')(topic=topic, messages=[{'data': b'x'}])",
        "theirs = pubsub_v1.types.PublishRequest.deserialize(ours.SerializeToString())",
        "assert theirs.topic == topic and theirs.messages[0].data == b'x'",
    )


def test_a_message_that_is_not_there() -> None:
    """A name that no definition has is an error at once."""
    with pytest.raises(KeyError, match=r"google\.firestore\.v1\.Nonsense"):
        message("google.firestore.v1.Nonsense")
