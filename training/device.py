"""Which number format and memory layout make training faster on this machine."""

from __future__ import annotations

from typing import Literal

import torch

from training.settings import Precision

LightningPrecision = Literal["32-true", "bf16-mixed", "16-mixed"]
_LIGHTNING_PRECISION: dict[str, LightningPrecision] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}


def choose_precision(wanted: Precision) -> LightningPrecision:
    """Return Lightning's name of the precision; `auto` is the fastest that this device has.

    bf16 where the hardware multiplies it (AMX, AVX512-BF16, NVIDIA from Ampere on), fp16 on older
    GPUs, fp32 elsewhere: emulated bf16 on a CPU is slower than fp32.
    """
    if wanted != "auto":
        return _LIGHTNING_PRECISION[wanted]
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    capabilities = torch.cpu.get_capabilities()
    native = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bf16-mixed" if native else "32-true"


def choose_memory_format(precision: LightningPrecision) -> torch.memory_format:
    """Return channels_last where convolutions run in reduced precision, which it feeds best."""
    return torch.contiguous_format if precision == "32-true" else torch.channels_last
