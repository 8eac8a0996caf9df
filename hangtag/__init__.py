"""Hangtag: reads product photos and writes attribute tags, without knowing its server."""

from importlib import import_module
from typing import TYPE_CHECKING

from hangtag.telemetry import switch_off_telemetry

# What is imported when it is asked for: numpy and a runtime take a second, and `--help` should not.
_PLACES = {
    "AsyncTaggerClient": "hangtag.client",
    "HangtagError": "hangtag.errors",
    "Product": "hangtag.requests.product",
    "Tagger": "hangtag.tagger",
    "TaggerClient": "hangtag.client",
}

__all__ = ["AsyncTaggerClient", "HangtagError", "Product", "Tagger", "TaggerClient"]

if TYPE_CHECKING:
    from hangtag.client import AsyncTaggerClient as AsyncTaggerClient
    from hangtag.client import TaggerClient as TaggerClient
    from hangtag.errors import HangtagError as HangtagError
    from hangtag.requests.product import Product as Product
    from hangtag.tagger import Tagger as Tagger
else:

    def __dir__() -> list[str]:
        return [*globals(), *_PLACES]

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_PLACES[name]), name)


switch_off_telemetry()

__version__ = "0.1.0"
