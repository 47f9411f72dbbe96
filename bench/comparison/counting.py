"""Counts what goes to Firestore and Pub/Sub, by standing in between.

It passes bytes on as they are, of every method and kind. What it costs is time, so nothing is timed
while it is there.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import grpc
from google.cloud.firestore_v1 import types as firestore
from google.pubsub_v1 import types as pubsub

from bench.comparison.figures import Counts
from bench.comparison.grounds import Emulators, Grounds
from local.ports import LOOPBACK

THREADS = 64
"""One for each call under way; the pusher's pulls wait for long."""


class Tally:
    """What has gone through. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.counts = Counts()

    def request(self, method: str, sent: bytes) -> None:
        if method.endswith("Publisher/Publish"):
            messages = pubsub.PublishRequest.deserialize(sent).messages
            self._add(
                messages=len(messages),
                message_bytes=sum(map(_message_bytes, messages)),
            )

    def answered(self, method: str, request: bytes, answers: Sequence[bytes]) -> None:
        """Only what was answered counts: Firestore takes no money for a refused write.

        A query costs a read even where it finds nothing. https://firebase.google.com/docs/firestore/pricing
        """
        name = method.rpartition("/")[2]
        if name == "Commit":
            self._add(writes=len(firestore.CommitRequest.deserialize(request).writes))
        elif name == "GetDocument":
            self._add(reads=1)
        elif name == "BatchGetDocuments":
            got = map(firestore.BatchGetDocumentsResponse.deserialize, answers)
            self._add(reads=sum("found" in one or "missing" in one for one in got))
        elif name == "RunQuery":
            found = map(firestore.RunQueryResponse.deserialize, answers)
            self._add(reads=max(1, sum("document" in one for one in found)))

    def _add(self, **more: int) -> None:
        with self._lock:
            changed = {name: getattr(self.counts, name) + count for name, count in more.items()}
            self.counts = replace(self.counts, **changed)


def _message_bytes(message: Any) -> int:
    """As https://cloud.google.com/pubsub/pricing counts them, without the 20 of its timestamp."""
    words = (word for pair in message.attributes.items() for word in pair)
    return len(message.data) + sum(len(word.encode()) for word in words)


class _PassOn(grpc.GenericRpcHandler):
    """Every method as a stream both ways, which on the wire is what a single message is too."""

    def __init__(self, channel: grpc.Channel, tally: Tally) -> None:
        self._channel = channel
        self._tally = tally

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        method = str(details.method)

        def handle(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            yield from self._pass_on(method, requests, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    def _pass_on(
        self, method: str, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        last = b""

        def noted() -> Iterator[bytes]:
            nonlocal last
            for last in requests:
                self._tally.request(method, last)
                yield last

        call: Callable[..., Any] = self._channel.stream_stream(method)
        metadata = [pair for pair in context.invocation_metadata() if pair[0] != "user-agent"]
        try:
            answers = []
            for got in call(noted(), metadata=metadata, timeout=context.time_remaining()):
                answers.append(got)
                yield got
            self._tally.answered(method, last, answers)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")


@dataclass(frozen=True)
class Counted:
    """Grounds whose calls are counted."""

    grounds: Grounds
    tally: Tally


@contextmanager
def counted(grounds: Grounds) -> Iterator[Counted]:
    """The same emulators, behind servers that count."""
    tally = Tally()
    with (
        _counting(grounds.emulators.firestore, tally) as firestore_port,
        _counting(grounds.emulators.pubsub, tally) as pubsub_port,
    ):
        reached = Emulators(firestore_port, pubsub_port)
        yield Counted(replace(grounds, reached=reached), tally)


@contextmanager
def _counting(port: int, tally: Tally) -> Iterator[int]:
    with grpc.insecure_channel(f"{LOOPBACK}:{port}") as channel:
        server = grpc.server(ThreadPoolExecutor(THREADS), [_PassOn(channel, tally)])
        listening = server.add_insecure_port(f"{LOOPBACK}:0")
        server.start()
        try:
            yield listening
        finally:
            server.stop(grace=None).wait()
