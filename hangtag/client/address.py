"""Where a tagger is, and with which key it is asked."""

from urllib.parse import urlsplit

from hangtag.errors import SettingsInvalid

PREDICTIONS = "/predictions/tagger"
_PAGES = ("predictions", "ping", "metrics")


def address_of(url: str) -> str:
    """Return a server's address; a copied one may be the whole address of the API.

    Raises
    ------
    SettingsInvalid : if it is none, or is that of another page.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsInvalid(
            f"{url} is not an address such as http://127.0.0.1:8080; write http:// before it."
            if "://" not in url
            else f"{url} is not an address such as http://127.0.0.1:8080."
        )
    address = url.rstrip("/").removesuffix(PREDICTIONS)
    if urlsplit(address).path.strip("/").startswith(_PAGES):
        raise SettingsInvalid(f"{url} is a page of a server; give its address alone.")
    return address


def key_header(key: str | None) -> dict[str, str]:
    """Return the header that carries a key.

    Raises
    ------
    SettingsInvalid : if it holds what no header may; the key itself is not said.
    """
    if key is None:
        return {}
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise SettingsInvalid("The API key holds what no header may: it is plain ASCII.")
    return {"X-Api-Key": key}
