"""What goes over a gRPC channel: counted, or made to fail as networks do."""

from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Any

import grpc


class CountedCalls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts the calls of a channel: `grpc.intercept_channel(channel, counted)`."""

    def __init__(self) -> None:
        self._made: list[tuple[str, Any]] = []

    @property
    def methods(self) -> Counter[str]:
        """How often each method was called, by its short name: `Commit`, `Publish`, ..."""
        return Counter(method for method, _ in self._made)

    @property
    def writes(self) -> int:
        """How many documents were written or deleted."""
        return sum(len(request.writes) for method, request in self._made if method == "Commit")

    @property
    def limits(self) -> list[int]:
        """How many documents each query may find, and thus read, at most."""
        queries = [
            request.structured_query for method, request in self._made if method == "RunQuery"
        ]
        return [query.limit.value for query in queries]

    @property
    def messages(self) -> int:
        """How many messages were published."""
        return sum(len(request.messages) for method, request in self._made if method == "Publish")

    @property
    def published(self) -> list[bytes]:
        """The data of every message that was published."""
        requests = [request for method, request in self._made if method == "Publish"]
        return [message.data for request in requests for message in request.messages]

    def clear(self) -> None:
        self._made.clear()

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._count(continuation, details, request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._count(continuation, details, request)

    def _count(self, continuation: Any, details: Any, request: Any) -> Any:
        self._made.append((details.method.rpartition("/")[2], request))
        return continuation(details, request)


class Failed(grpc.RpcError):
    """What a call raises that ended with this status."""

    def __init__(self, status: grpc.StatusCode) -> None:
        super().__init__(status.name)
        self._status = status

    def code(self) -> grpc.StatusCode:
        return self._status


class Fault(Enum):
    """Where a call is lost."""

    ON_THE_WAY = "the request never arrives"
    ON_THE_WAY_BACK = "the request is done, but the answer never arrives"


class FaultyCalls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Lets the next calls fail, each as `faults` says; None lets a call pass.

    `meanwhile` is called after a lost call, before the caller learns that it was lost.
    """

    def __init__(self) -> None:
        self.faults: list[Fault | None] = []
        self.status = grpc.StatusCode.UNAVAILABLE
        self.meanwhile: Callable[[], object] = lambda: None

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._call(lambda: continuation(details, request), lambda answer: answer.result())

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._call(lambda: continuation(details, request), list)

    def _call(self, call: Callable[[], Any], finish: Callable[[Any], object]) -> Any:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not Fault.ON_THE_WAY:
            answer = call()
            if fault is None:
                return answer
            finish(answer)
        self.meanwhile()
        raise Failed(self.status)
