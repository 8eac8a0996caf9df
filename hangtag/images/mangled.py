"""What was done to a photo on its way, where the bytes are not the photo's own."""

import re

from hangtag.recognition.lookalikes import is_json, is_photo, name_of_text, without_leading

_HEAD_BYTES = 1024
_MAX_LEADING_BYTES = 16

_OWN_BYTES = "send the photo's own bytes"
# (how the bytes begin, what they are and what to do); the first that fits.
_KINDS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (
            rb"HTTP/\d|[A-Za-z][\w-]*: [^\r\n]*\r?\n",
            "lines of an HTTP header; send what follows the empty line after them",
        ),
        (
            rb"\x89PNG(\n\x1a\n|\r\r\n|\r\n\x1a\r\n)",
            "a PNG whose line ends were changed; transfer it as binary, not as text",
        ),
        (
            rb"(\xef\xbf\xbd|\?){2}|(\xef\xbf\xbd|\?)(PNG|\xd8)|\xc3\xbf\xc3\x98\xc3\xbf|\xc2\x89PNG"
            rb"|RIFF.{,12}WEBP.*\xef\xbf\xbd|GIF8[79]a.*\xef\xbf\xbd",
            "a photo that was read as text on its way; read and send it as binary",
        ),
        (rb"\x00+$", "nothing but zeros; send the photo again"),
        (
            rb".*?(\xff\xd8\xff[\xdb\xe0-\xef]|\x89PNG\r\n\x1a\n)",
            "a photo behind other bytes; send it from its own first byte",
        ),
        (rb"[\t\r\n\x20-\x7e]+$", f"plain text; {_OWN_BYTES}"),
    )
)


def without_few_leading(data: bytes) -> bytes:
    """Drop the few line ends, spaces and byte order marks that may stand before a photo."""
    head = data[: _MAX_LEADING_BYTES + 1]
    skipped = len(head) - len(without_leading(head))
    if not 0 < skipped <= _MAX_LEADING_BYTES:
        return data
    return data[skipped:] if is_photo(data[skipped : skipped + _HEAD_BYTES]) else data


def mangling_of(data: bytes) -> str | None:
    """Return what the bytes look like in a photo's place, and what to do; None if unknown."""
    head = without_leading(data[:_HEAD_BYTES])
    if name := name_of_text(head):
        return f"{name}; {_OWN_BYTES}"
    if is_json(head):
        return "JSON; send it with Content-Type: application/json"
    return next((sentence for pattern, sentence in _KINDS if pattern.match(head)), None)
