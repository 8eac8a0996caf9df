"""What was done to a photo on its way, where the bytes are not the photo's own."""

from __future__ import annotations

import codecs
import re

_HEAD_BYTES = 1024
# What programs put before the first byte of what they print or join.
_MAX_LEADING_BYTES = 16
_LEADING = b" \t\r\n" + codecs.BOM_UTF8
_PHOTO = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\x00{4}|II\*\x00|MM\x00\*"
    rb"|\x00\x00.{2}ftyp(avi[fs]|mif1|msf1)",
    re.DOTALL,
)

# (how the bytes begin, what they are and what to do); the first that fits.
_KINDS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (
            rb"(?i:data):[\w./+-]*[;,]",
            "a data: URL; send the photo's own bytes, or the URL within JSON",
        ),
        (
            rb"b?[\"']?(/9j/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK|AAAA..Z0eX)[\w+/=\s-]*[\"']?\s*$",
            "base64 text; send the photo's own bytes, or the text within JSON",
        ),
        (
            rb"(?i:(0x|\\x)?(ffd8ff|89504e470d0a1a0a|47494638|52494646)[\da-f\s]*$)",
            "hexadecimal digits; send the photo's own bytes",
        ),
        (rb"b[\"']\\x|b?[\"']\\x", "bytes printed as text; send the photo's own bytes"),
        (rb"--[^\s]+\r?\n(?i:content-)", "a part of multipart/form-data with its boundary; send "
         "the whole as multipart/form-data with that boundary in the Content-Type"),
        (rb"HTTP/\d|[A-Za-z][\w-]*: [^\r\n]*\r?\n", "lines of an HTTP header; send what follows "
         "the empty line after them"),
        (rb"(?i:https?|s3|gs|file|ftp)://", "the address of a photo; send the photo's own bytes"),
        (rb"[{\[]\s*[\"{\[\]}\d]", "JSON; send it with Content-Type: application/json"),
        (rb"\x89PNG(\n\x1a\n|\r\r\n|\r\n\x1a\r\n)", "a PNG whose line ends were changed; transfer "
         "it as binary, not as text"),
        (rb"(\xef\xbf\xbd|\?){2}|(\xef\xbf\xbd|\?)(PNG|\xd8)|\xc3\xbf\xc3\x98\xc3\xbf|\xc2\x89PNG"
         rb"|RIFF.{,12}WEBP.*\xef\xbf\xbd|GIF8[79]a.*\xef\xbf\xbd",
         "a photo that was read as text on its way; read and send it as binary"),
        (rb"\x00+$", "nothing but zeros; send the photo again"),
        (
            rb".*?(\xff\xd8\xff[\xdb\xe0-\xef]|\x89PNG\r\n\x1a\n)",
            "a photo behind other bytes; send it from its own first byte",
        ),
        (rb"[\t\r\n\x20-\x7e]+$", "plain text; send the photo's own bytes"),
    )
)  # fmt: skip


def without_leading_space(data: bytes) -> bytes:
    """Drop the few line ends, spaces and byte order marks that may stand before a photo."""
    head = data[: _MAX_LEADING_BYTES + 1]
    skipped = len(head) - len(head.lstrip(_LEADING))
    if not 0 < skipped <= _MAX_LEADING_BYTES:
        return data
    return data[skipped:] if _PHOTO.match(data, skipped) else data


def mangling_of(data: bytes) -> str | None:
    """Return what the bytes look like in a photo's place, and what to do; None if unknown."""
    head = data[:_HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    return next((sentence for pattern, sentence in _KINDS if pattern.match(head)), None)


def looks_like_photo(data: bytes) -> bool:
    """Tell whether a file begins as a photo of a format that is read."""
    return _PHOTO.match(data) is not None
