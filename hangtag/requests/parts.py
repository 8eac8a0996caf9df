"""The parts of an HTTP request, and what the names and bytes of those that are text say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hangtag.errors import RequestError
from hangtag.faults import printable, shown
from hangtag.files.json_text import charset_hint, decode_declared
from hangtag.near_names import name_hint, near_names
from hangtag.schema import Options, ProductRequest

OPTION_NAMES = frozenset(Options.model_fields)
TEXT_NAMES = frozenset({"product_id", "title", "description"})
_KNOWN = OPTION_NAMES | TEXT_NAMES
_ELSEWHERE = frozenset(ProductRequest.model_fields) - TEXT_NAMES
# `groups[]`, `groups[0]`, `options[groups][]` and `options.groups` are `groups`.
_DECORATED = re.compile(r"(?:options(?:\.|\[))?([^\[\].]+)\]?(?:\[\d*\])?")
_IGNORED_PREFIX = "utm_"
# What clients, proxies and forms add of their own. Their values, such as keys, are never repeated.
_KEYS = {
    "access_token", "api-key", "api_key", "apikey", "auth", "authorization", "key",
    "subscription-key", "token", "x-api-key",
}  # fmt: skip
_AGAINST_CACHES = {
    "_", "_dc", "_t", "_ts", "cache_buster", "cachebuster", "cb", "nocache", "rand", "rnd", "t",
    "timestamp", "ts",
}  # fmt: skip
_CLICKS = {"fbclid", "gclid", "msclkid"}
_OF_FORMS = {
    "_charset_", "_method", "_token", "__requestverificationtoken", "authenticity_token", "button",
    "commit", "csrf", "csrf_token", "csrfmiddlewaretoken", "max_file_size", "send", "submit",
    "submit.x", "submit.y", "upload", "utf8",
}  # fmt: skip
_IGNORED = _KEYS | _AGAINST_CACHES | _CLICKS | _OF_FORMS
_CHARSET_FIELD = "_charset_"
_MAX_CHARSET = 40
_CHARSET = re.compile(r"""charset=["']?([\w.:-]{1,40})""", re.IGNORECASE)
# Of such fields of a form, the text is a photo's: a data URL or base64.
_PHOTO_FIELD = re.compile(
    r"(?:content|(?:file|image|img|photo|picture)s?(?:[_-]?(?:file|data|content|base64|b64))?"
    r"[_-]?\d*)(?:[.\[]\w*\]?){0,2}",
    re.IGNORECASE | re.ASCII,
)
_PHOTO_NAMES = ("image", "photo", "picture", "file")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Part:
    """A query parameter, a form part, or the body (named `body`), as the server hands it over."""

    name: str
    content_type: str
    value: bytes

    @property
    def plain_name(self) -> str:
        """The name without what frameworks put around it to say that it is a list."""
        found = _DECORATED.fullmatch(self.name)
        return found[1] if found else self.name

    @property
    def is_left_empty(self) -> bool:
        """Whether nobody wrote into this input of a form, or chose a file for it.

        A file of no bytes has a type.
        """
        return not self.value and (not self.content_type or self._has_text_type)

    @property
    def is_text(self) -> bool:
        """Whether it is a field; else a file, or a photo that was sent without a file name."""
        if self.content_type and not self._has_text_type:
            return False
        if self.plain_name in _KNOWN and not self.content_type:
            return True
        return _is_utf8(self.value) or not _BINARY.search(self.value[:64])

    @property
    def is_photo_field(self) -> bool:
        """Whether it has such a name as a photo in a form, as `image`, `Photo2` or `images[]`."""
        return _PHOTO_FIELD.fullmatch(self.name) is not None

    @property
    def _has_text_type(self) -> bool:
        return self.content_type.lower().startswith("text/")


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type names."""
    found = _CHARSET.search(content_type)
    return found[1] if found else None


def read_fields(parts: Sequence[Part]) -> dict[str, Any]:
    """Return what query parameters and form fields say, as the JSON document says it.

    Raises
    ------
    RequestError : if one is unknown, is not UTF-8, or is there twice with different values.
    """
    charset = _charset_of_form(parts)
    texts: dict[str, list[str]] = {}
    for part in parts:
        if part.plain_name in _KNOWN:
            text = read_text(part, charset)
            # Empty is as good as absent.
            texts.setdefault(part.plain_name, []).extend([text] if text.strip() else [])
        elif not _is_ignored(part.name):
            raise _unknown(part)
    values = {name: _one_value(name, each) for name, each in texts.items() if each}
    fields = {name: value for name, value in values.items() if name not in OPTION_NAMES}
    options = {name: value for name, value in values.items() if name in OPTION_NAMES}
    return {**fields, "options": options} if options else fields


def _one_value(name: str, texts: list[str]) -> str | list[str]:
    if name == "groups":
        return texts if len(texts) > 1 else texts[0]
    if len(set(texts)) > 1:
        raise repeated(name)
    return texts[0]


def repeated(name: str, path: str | None = None) -> RequestError:
    """Return the refusal of a parameter or part that says one thing here and another there."""
    return RequestError(
        f"{name!r} is there more than once, with different values; send it once.", path
    )


def read_text(part: Part, charset: str | None = None) -> str:
    """Return a field's text; `charset` is what the form says, asked where it is not UTF-8.

    Raises
    ------
    RequestError : if it is not UTF-8.
    """
    try:
        return part.value.decode("utf-8")
    except UnicodeDecodeError as error:
        named = charset_of(part.content_type) or charset
        declared = decode_declared(part.value, named)
        if declared is not None:
            return declared
        raise RequestError(
            f"The parameter {shown(part.name)} is not UTF-8 text; send it in UTF-8, where ö is "
            f"C3 B6 (in a query %C3%B6){charset_hint(named)}."
        ) from error


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _charset_of_form(parts: Sequence[Part]) -> str | None:
    # Browsers fill such a field in: https://html.spec.whatwg.org/#attr-fe-name-charset
    values = [part.value for part in parts if part.name == _CHARSET_FIELD]
    return values[-1][:_MAX_CHARSET].decode("ascii", "replace") if values else None


def _is_ignored(name: str) -> bool:
    lower = name.lower()
    return lower in _IGNORED or lower.startswith(_IGNORED_PREFIX)


def misplaced_json(part: Part) -> RequestError:
    """Return the refusal of JSON in a part or parameter of another name than `request`."""
    return RequestError(
        f"The field {shown(printable(part.plain_name))} holds JSON, which belongs into the body or "
        "into the part of a form that is named `request`."
    )


def _unknown(part: Part) -> RequestError:
    name = part.plain_name
    if part.value.lstrip()[:1] == b"{":
        return misplaced_json(part)
    if name in _ELSEWHERE or name == "request":
        return RequestError(
            f"{name!r} is no parameter of its own; send it in the JSON body, or in the part "
            "`request` of a form."
        )
    if part.is_photo_field or (near_names(name, _PHOTO_NAMES) and not near_names(name, _KNOWN)):
        return RequestError(
            f"There is no parameter {shown(printable(name))}; send a photo as the body, as the "
            "part `image` of a form, or in the JSON's `images`."
        )
    hint = name_hint(name, _KNOWN)
    return RequestError(f"There is no parameter {shown(printable(name))}; {hint}.")
