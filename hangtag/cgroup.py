"""What a container, or any other control group that this process is in, may use (Linux).

https://docs.kernel.org/admin-guide/cgroup-v2.html, and version 1, which older nodes still have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Version 1 says "without a limit" with the largest number of pages, a little below 2^63 bytes.
_NO_LIMIT_BYTES = 1 << 60


@dataclass(frozen=True)
class ControlGroups:
    """The groups of this process, from its own up to the topmost that can be seen.

    Parameters
    ----------
    mount : where the control groups are mounted
    membership : the file that says which of them the process is in
    """

    mount: Path = Path("/sys/fs/cgroup")
    membership: Path = Path("/proc/self/cgroup")

    def quota_cores(self) -> float | None:
        """Return the cores that the tightest quota amounts to; None without one."""
        quotas = [text.partition(" ")[::2] for text in self._texts("", "cpu.max")]
        quotas += [
            (quota, period)
            for quota, period in zip(
                self._texts("cpu", "cpu.cfs_quota_us"),
                self._texts("cpu", "cpu.cfs_period_us"),
                strict=False,
            )
        ]
        limits = (
            int(quota) / int(period)
            for quota, period in quotas
            # Neither "max" nor "-1", nor what nobody has written yet.
            if quota.isdecimal() and period.isdecimal()
        )
        return min(limits, default=None)

    def memory_bytes(self) -> int | None:
        """Return the tightest limit of memory; None without one."""
        texts = [
            *self._texts("", "memory.max"),
            *self._texts("memory", "memory.limit_in_bytes"),
        ]
        limits = (int(text) for text in texts if text.isdecimal())
        return min((each for each in limits if each < _NO_LIMIT_BYTES), default=None)

    def _texts(self, controller: str, file: str) -> Iterator[str]:
        """Yield what a file says in each of the groups; version 2 has the controller ``."""
        top = self.mount / controller
        own = top / self._paths().get(controller, "/").lstrip("/")
        # A container may see its own group as the topmost, and its path as the host does.
        for group in (own, *own.parents):
            if not group.is_relative_to(top):
                return
            try:
                yield (group / file).read_text(encoding="ascii").strip()
            except OSError:
                continue

    def _paths(self) -> dict[str, str]:
        try:
            lines = self.membership.read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        fields = [line.split(":", 2) for line in lines]
        return {controller: path for _, names, path in fields for controller in names.split(",")}
