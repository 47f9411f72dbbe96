"""Why an outbound call failed where another attempt may succeed.

Where none can, `jobs.context.PermanentError` is raised. Messages name the host as the caller wrote
it, never an address that it was resolved to.
"""


class NetworkError(Exception):
    """The server could not be reached, or the connection broke."""


class TimedOut(NetworkError):
    """The call was not over in time."""


class RetryableStatus(Exception):
    """The server answered with a status that may be another one next time."""
