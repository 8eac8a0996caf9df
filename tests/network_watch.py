"""Watches what a command and all its processes ask of the network, native code included."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_photos import PROJECT

# A lookup asks port 53, also where the resolver is on this machine.
_ADDRESS = re.compile(
    r'sin6?_port=htons\((?P<port>\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )"(?P<host>[^"]+)"'
)
_RESOLVER = "systemd/resolve"
_DNS_PORT = "53"
_LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.")


class NetworkWatch:
    """`prefix` goes before the command, `environment` is all that it gets: a home folder that is
    empty, and none of the variables by which libraries tell that they run in a test."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
        }
        self._trace = folder / "trace"
        strace = shutil.which("strace")
        self.prefix = [strace, "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,"
                       "sendmmsg", "-o", str(self._trace)] if strace else []  # fmt: skip

    def calls(self) -> list[str]:
        """What went beyond this machine, a line of strace each."""
        if not self.prefix:
            pytest.skip("there is no strace to watch the network calls with")
        return list(self._beyond())

    def _beyond(self) -> Iterator[str]:
        for line in self._trace.read_text(encoding="utf-8", errors="replace").splitlines():
            address = _ADDRESS.search(line)
            if _RESOLVER in line or (address and _is_beyond(address["host"], address["port"])):
                yield line

    def left_at_home(self) -> list[str]:
        """The files that the command left in the home folder."""
        return [str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file()]


def _is_beyond(host: str, port: str) -> bool:
    return port == _DNS_PORT or not _LOOPBACK.match(host)
