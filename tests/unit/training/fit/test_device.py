"""Number format and memory layout by what the machine can do."""

from typing import Any

import pytest
import torch

from hangtag.errors import SettingsInvalid
from training.data.process import process_number
from training.fit.device import (
    choose_devices,
    choose_memory_format,
    choose_precision,
    require_compiler,
)
from training.settings import Precision


def cpu_with(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


def gpu_with(monkeypatch: pytest.MonkeyPatch, *, compute_capability: int) -> None:
    """A GPU whose driver can emulate bf16, as all do."""

    def supported(including_emulation: bool = True) -> bool:
        return including_emulation or compute_capability >= 8

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)


@pytest.mark.parametrize(
    ("wanted", "precision"), [("fp32", "32-true"), ("bf16", "bf16-mixed"), ("fp16", "16-mixed")]
)
def test_a_precision_that_was_asked_for_is_taken(
    wanted: Precision, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu_with(monkeypatch)
    assert choose_precision(wanted) == precision


@pytest.mark.parametrize("capability", ["amx_bf16", "avx512_bf16"])
def test_a_cpu_that_multiplies_bf16_trains_in_it(
    capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu_with(monkeypatch, **{capability: True})
    assert choose_precision("auto") == "bf16-mixed"


def test_a_cpu_that_would_emulate_bf16_trains_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu_with(monkeypatch, amx_bf16=False, avx512_bf16=False, avx512=True)
    assert choose_precision("auto") == "32-true"


def test_a_gpu_from_ampere_on_trains_in_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu_with(monkeypatch, compute_capability=8)
    assert choose_precision("auto") == "bf16-mixed"


def test_an_older_gpu_trains_in_fp16(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu_with(monkeypatch, compute_capability=7)
    assert choose_precision("auto") == "16-mixed"


def test_this_machine_has_a_precision() -> None:
    assert choose_precision("auto") in ("32-true", "bf16-mixed", "16-mixed")


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_cpu_takes_channels_last(precision: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu_with(monkeypatch)
    assert choose_memory_format(precision) is torch.channels_last


@pytest.mark.parametrize(
    ("precision", "layout"),
    [
        ("32-true", torch.contiguous_format),
        ("bf16-mixed", torch.channels_last),
        ("16-mixed", torch.channels_last),
    ],
)
def test_a_gpu_takes_channels_last_for_its_tensor_cores(
    precision: Any, layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu_with(monkeypatch, compute_capability=8)
    assert choose_memory_format(precision) is layout


def test_all_gpus_train_unless_fewer_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu_with(monkeypatch, compute_capability=8)
    assert [choose_devices(wanted) for wanted in ("auto", 1, 4)] == [4, 1, 4]
    with pytest.raises(
        SettingsInvalid, match=r"^hardware.devices=5, but this machine has 4 GPUs; ask for"
    ):
        choose_devices(5)


def test_a_cpu_trains_in_one_process_unless_more_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu_with(monkeypatch)
    assert [choose_devices(wanted) for wanted in ("auto", 1, 3)] == [1, 1, 3]


def test_a_process_by_itself_is_the_first() -> None:
    assert process_number() == 0


def test_compiling_on_a_cpu_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu_with(monkeypatch)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SettingsInvalid, match=r"needs a C[+][+] compiler, and there is no no-such"):
        require_compiler()
    gpu_with(monkeypatch, compute_capability=8)
    require_compiler()
