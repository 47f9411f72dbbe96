"""The one way from handlers to other people's servers.

A URL comes from a caller, so it may point anywhere: at the metadata server, at a database behind
the firewall, at this worker. Only public addresses are reached, and a deployment's allowed hosts.
What is checked is what is connected to: a name is resolved once, each address that it has must be
public, and the connection goes to one of those addresses, with the certificate verified for the
name. Each redirect is checked like the first URL. No proxy from the environment is used.

A call as a whole, with every redirect and every byte of the answer, ends at the attempt's
deadline at the latest. How much of an answer is read, and unpacked, is up to the caller.
"""

from handlers.outbound.call import MAX_REDIRECTS, request
from handlers.outbound.download import check_file_url, download
from handlers.outbound.errors import NetworkError, RetryableStatus, TimedOut
from handlers.outbound.response import Response
from handlers.outbound.statuses import LONGEST_WAIT_SECONDS, refusal

__all__ = [
    "LONGEST_WAIT_SECONDS",
    "MAX_REDIRECTS",
    "NetworkError",
    "Response",
    "RetryableStatus",
    "TimedOut",
    "check_file_url",
    "download",
    "refusal",
    "request",
]
