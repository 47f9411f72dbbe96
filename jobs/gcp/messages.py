"""Google's protobuf messages, from the definitions that its own packages are made of.

`messages.binpb` holds the definitions of Firestore, Pub/Sub and Firestore's events: a
`FileDescriptorSet`, as protoc writes it, which `./dev lock` takes out of google-cloud-firestore,
google-cloud-pubsub and google-events. Importing these instead makes a cold start much longer:
docs/decisions/0002-generated-messages-on-a-plain-channel.md.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

DEFINITIONS: Final = Path(__file__).with_name("messages.binpb")


def message(name: str) -> Any:
    """The class of a message, by its full name: `google.firestore.v1.Document`.

    Raises `KeyError` where there is none. The classes are their own: those of the official
    clients, in the same process, have the same fields and are others.
    """
    return GetMessageClass(_definitions().FindMessageTypeByName(name))


@cache
def _definitions() -> DescriptorPool:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(DEFINITIONS.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool
