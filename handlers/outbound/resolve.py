"""From a host's name to the addresses that may be connected to."""

import socket
import threading
from collections.abc import Collection
from queue import Empty, SimpleQueue

from handlers.outbound.addresses import is_public
from handlers.outbound.deadline import Deadline
from handlers.outbound.errors import NetworkError, TimedOut
from handlers.outbound.url import Url
from jobs.context import PermanentError


def resolve(url: Url, allowed_hosts: Collection[str], deadline: Deadline) -> list[str]:
    """The addresses of the URL's host: all of them public, or the host is an allowed one.

    Looks the name up once. Raises `PermanentError` if any address is not public: a name with
    public and private addresses is an attack or a mistake. Raises `NetworkError` if there is none.
    """
    addresses = _look_up(url, deadline)
    if url.host_and_port not in allowed_hosts and not all(map(is_public, addresses)):
        raise PermanentError(f"{url.host} is not a public host, so it is not called.")
    return addresses


def _look_up(url: Url, deadline: Deadline) -> list[str]:
    """The system's resolver knows no timeout: it is left behind in its thread when time is up."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put(list(dict.fromkeys(str(address[0]) for *_, address in found)))

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining())
    except Empty:
        raise TimedOut(f"{url.host} could not be looked up in time.") from None
    if isinstance(answer, Exception) or not answer:
        raise NetworkError(f"No address was found for {url.host}.")
    return answer
