"""A photo that came as text -> its bytes: base64, in the spellings that clients make of it."""

import base64
import binascii
import re

from hangtag.errors import ImageTooLarge, RequestError
from hangtag.recognition.lookalikes import (
    is_photo,
    is_photo_in_base64,
    is_photo_in_hex,
    name_of_text,
)

# Some leave its first letters out.
_DATA_URL = re.compile(r"(?:data:|(?=[\w/+.; =-]{0,200}base64,))([^,]{0,200}),", re.IGNORECASE)
_ESCAPED_DATA_URL = re.compile("data%3a", re.IGNORECASE)
_MAX_DATA_URLS = 2
# What Windows' certutil puts around it.
_FRAME = re.compile(r"-----[A-Z ]{1,40}-----")
_QUOTED = re.compile(r"""b?(["'])(.*)\1""", re.DOTALL)
_OUTSIDE = re.compile(r"[^A-Za-z0-9+/]")
_OTHER_SPACE = re.compile(r"[\t\r\n]")
# What is left of a line break or a slash that was escaped twice.
_ESCAPES = (("\\r", ""), ("\\n", ""), ("\\/", "/"))
_SPACES = "".join(chr(i) for i in range(0x3001) if chr(i).isspace())
_NO_SPACE = str.maketrans("", "", _SPACES)
_NO_SEPARATORS = str.maketrans("", "", "-:,")
_URL_SAFE = str.maketrans("-_", "+/")
# What other languages write where they have no photo.
_SHORT = 20
_NOTHING = frozenset({"null", "none", "nil", "nan", "undefined", "[object object]"})


def decode_photo(content: str, path: str, max_bytes: int) -> bytes:
    """Return a photo's bytes; empty if the text is.

    Read are base64 and base64url, with or without padding, with line breaks, as a data URL, in
    quotes, percent-encoded, or with its `+` turned into spaces; and hexadecimal digits.

    Parameters
    ----------
    path : where the text stands in the request

    Raises
    ------
    ImageTooLarge : if the photo has more than `max_bytes`.
    RequestError : if the text is something else, with what it looks like.
    """
    text = _unquoted(content.lstrip("\ufeff").strip())
    if is_photo_in_hex(text):
        return _from_hex(text, content, path, max_bytes)
    if _ESCAPED_DATA_URL.match(text):
        text = _percent_decoded(text).decode("latin-1")
    # A client may put it before what has it already.
    for _ in range(_MAX_DATA_URLS):
        data_url = _DATA_URL.match(text)
        if data_url is None:
            break
        header, text = data_url[1].lower(), text[data_url.end() :]
        if not header.endswith("base64") and "%" in text:
            return _limited(_percent_decoded(text), path, max_bytes)
    return _from_base64(text, content, path, max_bytes)


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted else text


def _from_hex(text: str, content: str, path: str, max_bytes: int) -> bytes:
    try:
        digits = text.lower().replace("0x", "").replace("\\x", "").translate(_NO_SEPARATORS)
        return _limited(bytes.fromhex(digits), path, max_bytes)
    except ValueError as error:
        name = name_of_text(content)
        if name is None or "hexadecimal" in name:
            raise _refused(path, "looks like hexadecimal digits that are broken") from error
        raise _refused(path, f"is {name}, not base64") from error


def _from_base64(text: str, content: str, path: str, max_bytes: int) -> bytes:
    if len(text) < _SHORT and text.lower() in _NOTHING:
        raise _refused(path, f"is the text {text!r}, no photo")
    text = _letters(text)
    size = len(text) // 4 * 3
    if size - 2 > max_bytes:
        raise _too_large(size, path, max_bytes)
    try:
        photo = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise _refused(path, _what_else(content, text)) from error
    if is_photo_in_base64(photo[:100].decode("latin-1")):
        raise _refused(path, "is base64 of base64")
    return photo


def _letters(text: str) -> str:
    """Return the letters of base64 alone, in its own alphabet and without padding."""
    if text.startswith("-----"):
        text = _FRAME.sub("", text)
    if "%" in text:
        text = _percent_decoded(text).decode("latin-1")
    if "\\" in text:
        for escaped, plain in _ESCAPES:
            text = text.replace(escaped, plain)
    if _is_space_a_plus(text):
        text = text.replace(" ", "+")
    text = _without_space(text).rstrip("=")
    return text.translate(_URL_SAFE) if "-" in text or "_" in text else text


def _without_space(text: str) -> str:
    # `split` would make an object of each piece; `translate` looks up each letter where one of them
    # is not ASCII, which takes seconds.
    if text.isascii():
        return text.translate(_NO_SPACE)
    for space in _SPACES:
        text = text.replace(space, "")
    return text


def _percent_decoded(text: str) -> bytes:
    # As quoted-printable, in C: urllib makes an object of each byte.
    quoted = text.replace("=", "=3D").replace("%", "=")
    return binascii.a2b_qp(quoted.encode("utf-8", "replace"))


def _is_space_a_plus(text: str) -> bool:
    """Whether the spaces are what a web form makes of `+`, and no line breaks.

    Then there is no `+` left, and they are not where lines of one length would end.
    """
    if " " not in text or "+" in text or _OTHER_SPACE.search(text):
        return False
    first, spaces = text.index(" "), text.count(" ")
    is_wrapped = text[first :: first + 1].count(" ") == spaces
    return not (is_wrapped and (len(text) - spaces) % 4 == 0)


def _what_else(content: str, letters: str) -> str:
    name = name_of_text(content)
    if name is not None and "base64" not in name and not _DATA_URL.match(content):
        return f"is {name}, not base64"
    if is_photo(content[:16].encode("latin-1", "replace")) or "\ufffd" in content[:16]:
        return "holds a photo's bytes as if they were text"
    outside = _OUTSIDE.search(letters)
    if outside is None:
        return "is base64 that was cut off"
    if outside[0] == "=":
        return "is base64 that has its end, `=`, in the middle"
    return f"is not base64: it holds {outside[0]!r}"


def _refused(path: str, what: str) -> RequestError:
    return RequestError(f"{path} {what}; send the bytes of the photo's file in base64.", path)


def _limited(photo: bytes, path: str, max_bytes: int) -> bytes:
    if len(photo) > max_bytes:
        raise _too_large(len(photo), path, max_bytes)
    return photo


def _too_large(size: int, path: str, max_bytes: int) -> ImageTooLarge:
    return ImageTooLarge(
        f"The photo has about {size:,} bytes, more than the {max_bytes:,} that are taken; send it "
        "smaller.",
        path,
    )
