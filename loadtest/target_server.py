"""The server that is loaded."""

from __future__ import annotations

from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from hangtag.errors import ServerUnavailable

# As the load itself goes, whatever proxies this machine has for other things.
_DIRECT = build_opener(ProxyHandler({}))


def require_server(host: str) -> None:
    """Check that a server answers at an address such as http://127.0.0.1:8080.

    Raises
    ------
    ServerUnavailable : if none does, or it is not ready.
    """
    try:
        with _DIRECT.open(f"{host.rstrip('/')}/ping", timeout=5):
            pass
    except (URLError, OSError, ValueError) as error:
        # An ingress need not let /ping through.
        if isinstance(error, HTTPError) and error.code == HTTPStatus.NOT_FOUND:
            return
        raise ServerUnavailable(
            f"No server answers at {host} ({error}); start one with `make serve`, or name another "
            "with HOST=…."
        ) from error
