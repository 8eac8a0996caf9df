"""The server that is loaded."""

from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import ProxyHandler, build_opener

from hangtag.errors import ServerUnavailable, SettingsInvalid
from loadtest.tagging_requests import PATH

# As the load itself goes, whatever proxies this machine has for other things.
_DIRECT = build_opener(ProxyHandler({}))


def server_address(host: str) -> str:
    """Return an address such as `http://127.0.0.1:8080`, of whatever of it people write.

    `http://` may be missing or in capitals; a slash, or the path of the API, may follow.

    Raises
    ------
    SettingsInvalid : if it is no address.
    """
    text = host.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or not _is_plain(parts):
        raise SettingsInvalid(f"host={host} is no address such as http://10.0.0.5:8080.")
    path = parts.path.rstrip("/").removesuffix(PATH).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_plain(parts: SplitResult) -> bool:
    text = parts.geturl()
    odd = set("?#@ ") & set(text) or parts.netloc.endswith(":") or not text.isascii()
    return parts.scheme in ("http", "https") and not odd


def require_server(host: str) -> None:
    """Check that a server answers at an address such as http://127.0.0.1:8080.

    Raises
    ------
    ServerUnavailable : if none does, or it is not ready.
    """
    try:
        with _DIRECT.open(f"{host}/ping", timeout=5):
            pass
    except (URLError, OSError, ValueError) as error:
        # An ingress need not let /ping through.
        if isinstance(error, HTTPError) and error.code == HTTPStatus.NOT_FOUND:
            return
        raise ServerUnavailable(
            f"No server answers at {host} ({error}); start one with `hangtag serve`, or name "
            "another with host=…."
        ) from error
