"""Asks a running tagger over HTTP, and asks again when it has no room or is being replaced."""

import threading
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import ValidationError

from hangtag.client.multipart import form_of
from hangtag.errors import HangtagError, ServerUnavailable, SettingsInvalid
from hangtag.requests.product import Product
from hangtag.schema import Problem, TagResponse

# No room now (429, 503), or the proxy has no tagger for a moment (502): all say nothing of the
# product, and a product may be sent twice, as nothing is kept of it.
_TRY_AGAIN = (429, 502, 503)
_PATH = "/predictions/tagger"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0


class ProblemAnswered(HangtagError):
    """The tagger answered a product with an error, which is in `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class TaggerClient:
    """A tagger at an address such as `http://127.0.0.1:8080`; threads may share it.

    Parameters
    ----------
    key : for a proxy that asks for one, sent as X-Api-Key
    timeout_s : of silence, for each attempt
    attempts : for each product, before it is given up
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout_s: float = 60, attempts: int = 6
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsInvalid(
                f"{url} is not an address such as http://127.0.0.1:8080; write http:// before it."
                if "://" not in url
                else f"{url} is not an address such as http://127.0.0.1:8080."
            )
        # As it is copied from a page or a log: the whole address of the API.
        self.url = url.rstrip("/").removesuffix(_PATH)
        if urlsplit(self.url).path.strip("/").startswith(("predictions", "ping", "metrics")):
            raise SettingsInvalid(f"{url} is a page of a server; give its address alone.")
        self._headers = {} if key is None else {"X-Api-Key": _header_value(key)}
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """Let nobody wait any longer to ask again; other threads may call it."""
        self._given_up.set()

    def require(self) -> None:
        """Ask whether there is a server.

        Raises
        ------
        ServerUnavailable : if none answers, or what answers is no tagger or wants another key.
        """
        try:
            self._answer(Request(f"{self.url}/ping", headers=self._headers))  # noqa: S310 - http(s)
        except HTTPError as error:
            # An ingress need not let /ping through; and it may be starting.
            if error.code not in (HTTPStatus.NOT_FOUND, *_TRY_AGAIN):
                raise ServerUnavailable(_why_refused(self.url, error)) from error
        except (OSError, HTTPException) as error:
            raise self._unavailable(error) from error

    def tag(self, product: Product) -> TagResponse:
        """Return the answer to one product.

        Raises
        ------
        ProblemAnswered : if the tagger answers with an error.
        ServerUnavailable : if nothing answers, or something that is not a tagger.
        """
        body, content_type = form_of(product)
        request = Request(  # noqa: S310 - http(s)
            f"{self.url}{_PATH}",
            data=body,
            headers={**self._headers, "Content-Type": content_type},
        )
        answer = self._answer_at_last(request)
        try:
            return TagResponse.model_validate_json(answer)
        except ValidationError as error:
            raise ServerUnavailable(f"What answers at {self.url} is not a tagger.") from error

    def _answer_at_last(self, request: Request) -> bytes:
        for attempt in range(1, self._attempts + 1):
            is_last = attempt == self._attempts
            wait_s = _FIRST_WAIT_S * 2 ** (attempt - 1)
            try:
                return self._answer(request)
            except HTTPError as error:
                if is_last or error.code not in _TRY_AGAIN:
                    raise ProblemAnswered(_problem(error)) from error
                wanted_s = _retry_after_s(error)
                wait_s = wait_s if wanted_s is None else wanted_s
            except (OSError, HTTPException) as error:
                if is_last:
                    raise self._unavailable(error) from error
            if self._is_given_up_within(min(wait_s, _LONGEST_WAIT_S)):
                break
        raise ServerUnavailable(f"{self.url} was not asked again.")

    def _is_given_up_within(self, seconds: float) -> bool:
        return self._given_up.wait(seconds)

    def _answer(self, request: Request) -> bytes:
        with _OPENER.open(request, timeout=self._timeout_s) as answer:
            content: bytes = answer.read()
        return content

    def _unavailable(self, error: Exception) -> ServerUnavailable:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        return ServerUnavailable(f"No tagger answers at {self.url} ({reason}); is it running?")


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: the key is for the address that was given, and a photo would be lost."""

    def redirect_request(self, *_: Any) -> None:
        """Leave the answer as it is: an error."""


_OPENER = build_opener(_NoRedirects)


def _header_value(key: str) -> str:
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise SettingsInvalid("The API key holds what no header may: it is plain ASCII.")
    return key


def _why_refused(url: str, error: HTTPError) -> str:
    if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"{url} refuses the API key, or wants one ({error.code})."
    if to := error.headers.get("Location"):
        return f"{url} leads on to {to}; give that address."
    return f"What answers at {url} is not a tagger ({error.code} {error.reason})."


def _problem(error: HTTPError) -> Problem:
    try:
        with error:
            return Problem.model_validate_json(error.read())
    except (ValidationError, OSError, HTTPException):
        # Of something on the way, such as a load balancer.
        return Problem(
            title=error.reason,
            status=error.code,
            detail=f"Answered with {error.code} {error.reason}.",
            code=f"http_{error.code}",
        )


def _retry_after_s(error: HTTPError) -> float | None:
    """Return the seconds that the server asks to wait; None if it gives none, or a date."""
    value = error.headers.get("Retry-After", "")
    error.close()
    return float(value) if value.isascii() and value.isdigit() else None
