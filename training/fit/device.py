"""On what a run trains on this machine: how many processes, which number format and layout."""

import os
import shutil
from typing import Literal

import torch
from torch import nn

from hangtag.errors import SettingsInvalid
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
        return (
            "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
        )
    capabilities = torch.cpu.get_capabilities()
    native = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bf16-mixed" if native else "32-true"


def choose_memory_format(precision: LightningPrecision) -> torch.memory_format:
    """Return the layout in which convolutions are fastest.

    channels_last everywhere but on GPUs in fp32, whose tensor cores then do not take part. On a
    CPU it gained 1.3 x to 1.9 x in fp32 and 1.2 x to 1.5 x in bf16 (ResNet18, 112 and 224 px).
    """
    if torch.cuda.is_available() and precision == "32-true":
        return torch.contiguous_format
    return torch.channels_last


def choose_devices(wanted: int | Literal["auto"]) -> int:
    """Return how many processes train side by side: one for each GPU; on a CPU one, or as asked.

    Raises
    ------
    SettingsInvalid : if there are not so many GPUs.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return max(1, gpus)
    if gpus and wanted > gpus:
        raise SettingsInvalid(
            f"hardware.devices={wanted}, but this machine has {gpus} GPUs; ask for fewer."
        )
    return wanted


def share_buffers(network: nn.Module) -> None:
    """Give all processes the buffers of the first, such as the statistics of batch norm.

    Each process gathers its own, and those of the first are what is saved.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        for buffer in network.buffers():
            torch.distributed.broadcast(buffer, src=0)


def require_compiler() -> None:
    """Check that torch.compile can work here: on a CPU it writes C++.

    Raises
    ------
    SettingsInvalid : if there is no compiler.
    """
    compiler = os.environ.get("CXX", "g++")
    if not torch.cuda.is_available() and shutil.which(compiler) is None:
        raise SettingsInvalid(
            f"hardware.compile=true needs a C++ compiler, and there is no {compiler}; install one, "
            "or leave hardware.compile out."
        )
