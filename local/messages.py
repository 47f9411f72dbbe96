"""Takes the definitions of Google's messages out of its packages, for `jobs.gcp.messages`."""

import importlib
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default

_WANTED = {
    "google.cloud.firestore_v1": "google.firestore.v1.CommitRequest",
    "google.pubsub_v1": "google.pubsub.v1.PublishRequest",
    "google.events.cloud.firestore_v1": "google.events.cloud.firestore.v1.DocumentEventData",
}
"""The packages, and of each a message in the file that holds its service's requests."""


def definitions() -> bytes:
    """A `FileDescriptorSet`: the wanted files, each after those that it builds on."""
    found: dict[str, Any] = {}
    for package, name in _WANTED.items():
        importlib.import_module(package)
        _add(Default().FindMessageTypeByName(name).file, found)
    return FileDescriptorSet(file=found.values()).SerializeToString(deterministic=True)


def _add(file: Any, found: dict[str, Any]) -> None:
    if file.name in found:
        return
    # The packages name them in an order that differs from one process to another.
    for other in sorted(file.dependencies, key=lambda dependency: dependency.name):
        _add(other, found)
    written = FileDescriptorSet().file.add()
    file.CopyToProto(written)
    written.dependency.sort()
    found[file.name] = written
