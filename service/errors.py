"""What the edge refuses by itself, beside the core's own errors.

RequestFailed
├── NotFound            404 not_found
├── MethodNotAllowed    405 method_not_allowed
├── MessageInvalid      400 request_invalid
├── RequestIncomplete   408 request_incomplete
├── Overloaded          503 overloaded
├── WorkerLost          503 worker_lost
├── Loading             503 loading
└── Draining            503 draining
SetupError
└── BackendFailed
"""

from hangtag.errors import RequestFailed, SetupError


class NotFound(RequestFailed):
    """There is nothing at this path."""

    status = 404
    code = "not_found"
    title = "Not found"


class MethodNotAllowed(RequestFailed):
    """The path is taken with other methods."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"

    def __init__(self, path: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"Send {path[:128]} with {allowed[0]}.")
        self.allowed = allowed


class MessageInvalid(RequestFailed):
    """What came is no HTTP, or could be understood in two ways."""

    status = 400
    code = "request_invalid"
    title = "Request invalid"


class RequestIncomplete(RequestFailed):
    """The request did not arrive in time."""

    status = 408
    code = "request_incomplete"
    title = "Request incomplete"


class Unavailable(RequestFailed):
    """Not now, but perhaps in `retry_after_s` seconds."""

    status = 503

    def __init__(self, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Overloaded(Unavailable):
    """More is under way than can be answered in time, or held in memory."""

    code = "overloaded"
    title = "Overloaded"


class WorkerLost(Unavailable):
    """The worker that had the request ended, or there is none."""

    code = "worker_lost"
    title = "Worker lost"


class Loading(Unavailable):
    """No worker has loaded the model yet."""

    code = "loading"
    title = "Loading"


class Draining(Unavailable):
    """The server is about to stop."""

    code = "draining"
    title = "Draining"


class BackendFailed(SetupError):
    """What runs the tagger cannot be started, or has ended for good."""
