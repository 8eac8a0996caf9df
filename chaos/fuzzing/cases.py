"""A hostile request, and how it is kept as a test: the very bytes, in a file."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtest.client.wire import assemble

# Longer requests are not printed, only kept.
_MAX_PRINTED_BYTES = 400
_ANSWERED, _MALFORMED = "answered", "malformed"
_SUFFIX = ".http"


@dataclass(frozen=True)
class FuzzCase:
    """One request as it goes over the wire.

    `malformed` ones are hardly HTTP: the server may wait for a rest that never comes.
    """

    kind: str
    request: bytes
    malformed: bool = False

    def printed(self) -> str:
        """Return a command that sends the request's beginning; all of it if it is short."""
        begin = self.request[:_MAX_PRINTED_BYTES]
        escaped = "".join(f"\\x{byte:02x}" if _is_special(byte) else chr(byte) for byte in begin)
        rest = len(self.request) - len(begin)
        note = f"  # and {rest:,} bytes more" if rest else ""
        return f"printf {shlex.quote(escaped)} | nc 127.0.0.1 8080{note}"


def post(kind: str, body: bytes, content_type: str | bytes = "image/jpeg") -> FuzzCase:
    """Return the case of a sound request with this body."""
    return FuzzCase(kind, assemble(body, headers=[("Content-Type", content_type)]))


def keep(case: FuzzCase, folder: Path, name: str) -> Path:
    """Write a case into the folder of kept cases, and return its file."""
    file = folder / (_MALFORMED if case.malformed else _ANSWERED) / f"{name}{_SUFFIX}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(case.request)
    return file


def kept_cases(folder: Path) -> Iterator[FuzzCase]:
    """Yield the cases that were kept, in the order of their names."""
    for file in sorted(folder.glob(f"*/*{_SUFFIX}")):
        yield FuzzCase(file.stem, file.read_bytes(), file.parent.name == _MALFORMED)


def _is_special(byte: int) -> bool:
    # printf itself reads % and \.
    return not 32 <= byte < 127 or chr(byte) in "%\\"
