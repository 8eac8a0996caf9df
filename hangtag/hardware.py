"""What this machine offers to an engine."""

import functools
import math
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from hangtag.cgroup import ControlGroups

_CPU_INFO = Path("/proc/cpuinfo")
_BF16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
_INT8_FLAGS = frozenset({"amx_int8", "avx512_vnni", "avx_vnni"})
# The backbone that is trained if none is named, and the one for processors that have fp32 alone.
LARGE_BACKBONE, SMALL_BACKBONE = "resnet152", "tf_efficientnet_lite0"


@dataclass(frozen=True)
class Cpu:
    """The processor: its name, the cores that this process may use, its instruction sets."""

    name: str
    cores: int
    flags: frozenset[str]

    @property
    def has_bf16(self) -> bool:
        """Whether it multiplies bf16 natively; emulated, bf16 is slower than fp32."""
        return bool(self.flags & _BF16_FLAGS)

    @property
    def has_int8(self) -> bool:
        """Whether it has int8 dot products (VNNI or AMX)."""
        return bool(self.flags & _INT8_FLAGS)

    @property
    def has_avx2(self) -> bool:
        """Whether it multiplies int8 at all, though by pairs that are added up in 16 bits."""
        return "avx2" in self.flags

    @property
    def engine_flags(self) -> tuple[str, ...]:
        """The instruction sets that decide how fast a network runs."""
        return tuple(sorted(self.flags & (_BF16_FLAGS | _INT8_FLAGS | {"avx2", "avx512f"})))

    @property
    def described(self) -> str:
        """One line, the same for machines on which an engine is as fast."""
        return f"{self.name}, {self.cores} cores, {' '.join(self.engine_flags)}"


@functools.cache
def read_cpu() -> Cpu:
    """Describe this machine's processor; without Linux's files only its name and cores."""
    fields = _first_processor(_CPU_INFO)
    return Cpu(
        name=fields.get("model name") or platform.processor() or platform.machine(),
        cores=usable_cores(),
        flags=frozenset(fields.get("flags", "").split()),
    )


def describe_plain_processor(cpu: Cpu, backbone: str) -> str:
    """Say what it means that a processor has fp32 alone, and which backbone suits it.

    "" for those that have more, or of which nothing is known.
    """
    if not cpu.has_avx2 or cpu.has_bf16 or cpu.has_int8:
        return ""
    suits = "it has" if backbone == SMALL_BACKBONE else f"backbone={SMALL_BACKBONE} is"
    return (
        "this processor has neither bf16 nor int8 (VNNI), which make others several times as fast; "
        f"{suits} the backbone that suits it: 90 photos/s where {LARGE_BACKBONE} has 5"
    )


def usable_cores() -> int:
    """Return the cores that this process may use: its affinity, and its containers' quotas."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, math.ceil(ControlGroups().quota_cores() or allowed)))


def threads_of_worker(wanted: int) -> int:
    """Return the threads of this process: `wanted`; with 0, OMP_NUM_THREADS or the cores.

    OMP_NUM_THREADS is how the launcher, which knows how many workers share the machine, tells
    each of them its part.
    """
    by_launcher = os.environ.get("OMP_NUM_THREADS", "")
    return wanted or (int(by_launcher) if by_launcher.isdecimal() else 0) or usable_cores()


def _first_processor(cpu_info: Path) -> dict[str, str]:
    try:
        text = cpu_info.read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = text.partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
