"""What bytes are that came in the place of a photo or of JSON: clients mix up their headers."""

import base64
import binascii
import codecs
import json
import re

from hangtag.recognition.web_forms import name_of_form

# All that Pillow takes for a TIFF.
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"II\0*", b"MM*\0")
# Enough of the beginning to tell.
_HEAD = 512
_PHOTO_STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    *TIFF_SIGNATURES,
)
# What programs put before the first byte of what they print or join.
_LEADING_TEXT = " \t\r\n\ufeff"
_LEADING = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*")
_JSON_STARTS = ("{", "[", '"')
_BASE64_START = re.compile(r"[A-Za-z0-9+/_-]{24,}")
# Two digits a byte, and what programs print around them: `FF-D8`, `\xff\xd8`, `0xff, 0xd8`.
_HEX_PHOTO = re.compile(
    r"(?:0x|\\x)?(?:{})".format(
        "|".join(
            r"(?:[-:]|,? ?(?:0x|\\x)?)".join(start)
            for start in (
                ("ff", "d8", "ff"),
                ("89", "50", "4e", "47"),
                ("47", "49", "46", "38"),
                ("52", "49", "46", "46"),
            )
        )
    ),
    re.IGNORECASE,
)
# The first bytes of JPEG and PNG as decimals; Java's are signed.
_DECIMAL_PHOTO = re.compile(r"[\[{(]?\s*(?:255|-1|137|-119)\s*,\s*(?:216|-40|80)\s*,")
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://|www\.|blob:|//[\w.:-]+/\S*[.?]")
# What programs print in the place of bytes: .NET, Java, JavaScript, Python.
_OBJECT = re.compile(
    r"system\.|\[[a-z][\w.;]{0,60}@[0-9a-f]|[a-z][\w.$]{2,80}@[0-9a-f]{4,16}$|java\.|"
    r"\[object \w+\]|<(?:buffer|memory|_io|pil\.|bound method|function)|bytearray\(|array\("
)
_PATH = re.compile(r"[^\r\n]{1,400}\.(jpe?g|png|webp|gif|bmp|tiff?|avif|heic)", re.IGNORECASE)
_MULTIPART = re.compile(r"--[^\r\n]{1,70}\r?\ncontent-", re.IGNORECASE)


def without_leading(data: bytes) -> bytes:
    """Drop line ends, spaces and byte order marks before what was meant."""
    return _LEADING.sub(b"", data, count=1)


def is_photo(data: bytes) -> bool:
    """Whether the bytes begin as the files of photos do, read or refused ones."""
    head = without_leading(data[:_HEAD])
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[:2] == b"BM":
        # "BM" begins words, too; the four bytes here are reserved, and zero.
        return head[6:10] == bytes(4)
    return head[4:8] == b"ftyp" or head.startswith(_PHOTO_STARTS)


def is_json(data: bytes) -> bool:
    """Whether the bytes begin as a JSON object, list or text does, in any encoding of Unicode."""
    head = data[:_HEAD].removeprefix(codecs.BOM_UTF8)
    text = head.decode(json.detect_encoding(head), "replace")
    return text.removeprefix("\ufeff").lstrip().startswith(_JSON_STARTS)


def is_photo_in_hex(text: str) -> bool:
    """Whether a text begins as the file of a photo does, in hexadecimal digits."""
    return _HEX_PHOTO.match(text.lstrip()) is not None


def is_photo_in_base64(text: str) -> bool:
    """Whether a text begins as the file of a photo does, in base64."""
    start = _BASE64_START.match(text.lstrip())
    if start is None:
        return False
    whole = start[0][: min(64, len(start[0])) // 4 * 4]
    try:
        return is_photo(
            base64.b64decode(whole, altchars=b"-_" if re.search("[-_]", whole) else None)
        )
    except binascii.Error:
        return False


def name_of_text(data: bytes | str) -> str | None:
    """Return what a text is that is no photo, such as `a data URL`; None if it is nothing known."""
    text = data if isinstance(data, str) else data[:_HEAD].decode("utf-8", "replace")
    text = text[:_HEAD].lstrip(_LEADING_TEXT)
    lower = text.lower()
    if lower.startswith("data:"):
        return "a data URL"
    if _URL.match(lower):
        return "a URL"
    if _OBJECT.match(lower):
        return "what a program prints in the place of bytes"
    if _DECIMAL_PHOTO.match(text):
        return "a photo as a list of numbers"
    if is_photo_in_base64(text):
        return "a photo in base64"
    if is_photo_in_hex(text):
        return "a photo in hexadecimal digits"
    if lower.startswith(("b'", 'b"')):
        return "Python's notation of bytes"
    if _MULTIPART.match(text):
        return "a multipart form"
    if lower.startswith(("<!doctype", "<html", "<?xml")):
        return "an HTML or XML page"
    if form := name_of_form(text):
        return form
    return "the name of a file" if _PATH.fullmatch(text.rstrip()) else None
