"""Pages for people: they need nothing but this server, and run no script that is not its own."""

from pathlib import Path

from starlette.responses import Response

from service.responses import Answer

_FOLDER = Path(__file__).parent
_FILES = {
    "/": ("index.html", "text/html"),
    "/docs": ("docs.html", "text/html"),
    "/static/page.css": ("page.css", "text/css"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
    "/static/try.js": ("try.js", "text/javascript"),
    "/static/docs.js": ("docs.js", "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # A new release has new pages.
    "cache-control": "no-cache",
}


def pages() -> dict[str, Response]:
    """Return each page by its path."""
    return {
        path: Answer((_FOLDER / name).read_bytes(), media_type=kind, headers=_HEADERS)
        for path, (name, kind) in _FILES.items()
    }
