"""The three neighbouring ports of a server."""

import errno
import socket
from dataclasses import dataclass

from hangtag.errors import ServerUnavailable

HOST = "127.0.0.1"
DEFAULT_PORT = 8080
# TorchServe refuses 65535, and metrics are two above the API.
LAST_PORT = 65532


@dataclass(frozen=True)
class Ports:
    """The API at `inference`, management and metrics right above it.

    Parameters
    ----------
    host : the address on which the API and the metrics are listened on; management never leaves
        loopback
    """

    inference: int
    host: str = HOST

    @property
    def management(self) -> int:
        """The port of TorchServe's management API."""
        return self.inference + 1

    @property
    def metrics(self) -> int:
        """The port that Prometheus reads."""
        return self.inference + 2

    def require_free(self) -> None:
        """Check all three before anything is started.

        Raises
        ------
        ServerUnavailable : naming the first port that cannot be listened on, and why.
        """
        if not 1 <= self.inference <= LAST_PORT:
            raise ServerUnavailable(
                f"Port {self.inference} does not fit: it and the two ports above it are needed; "
                f"choose one from 1 to {LAST_PORT}."
            )
        _require_free(self.inference, self.host)
        _require_free(self.management, HOST)
        _require_free(self.metrics, self.host)


def url(port: int, host: str = HOST) -> str:
    """Return the address of a port, of this machine's loopback if no host is given."""
    return f"http://{host}:{port}"


def _require_free(port: int, host: str) -> None:
    with socket.socket() as probe:
        # As TorchServe binds: a port that was closed a moment ago counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServerUnavailable(_sentence(port, host, error)) from error


def _sentence(port: int, host: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        reason = f"Port {port} is taken"
    elif error.errno == errno.EACCES:
        reason = f"Port {port} is reserved for the system"
    elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return (
            f"{host} cannot be listened on ({error.strerror}); name an address of this machine "
            "with --host or HANGTAG_HOST, 0.0.0.0 for all of them."
        )
    else:
        reason = f"Port {port} of {host} cannot be listened on ({error.strerror})"
    return f"{reason}; stop what uses it or choose another with port=… (three in a row are needed)."
