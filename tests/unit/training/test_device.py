"""Number format and memory layout by what the machine can do."""

from __future__ import annotations

import pytest
import torch

from training.device import choose_memory_format, choose_precision


def cpu_with(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


def gpu_with(monkeypatch: pytest.MonkeyPatch, *, compute_capability: int) -> None:
    """A GPU whose driver can emulate bf16, as all do."""

    def supported(including_emulation: bool = True) -> bool:
        return including_emulation or compute_capability >= 8

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)


@pytest.mark.parametrize(
    ("wanted", "precision"), [("fp32", "32-true"), ("bf16", "bf16-mixed"), ("fp16", "16-mixed")]
)
def test_a_precision_that_was_asked_for_is_taken(
    wanted: str, precision: str, monkeypatch: pytest.MonkeyPatch
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
def test_a_cpu_takes_channels_last(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    precision: str, layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu_with(monkeypatch, compute_capability=8)
    assert choose_memory_format(precision) is layout
