from pathlib import Path

import pytest

from hangtag.cgroup import ControlGroups
from hangtag.hardware import (
    Cpu,
    _first_processor,
    describe_plain_processor,
    read_cpu,
    threads_of_worker,
    usable_cores,
)

CPU_INFO = """processor\t: 0
model name\t: Some CPU
flags\t\t: fpu avx2 amx_bf16

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""


def test_the_first_processor_is_read(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPU_INFO)
    fields = _first_processor(tmp_path / "cpuinfo")
    assert (fields["model name"], fields["flags"]) == ("Some CPU", "fpu avx2 amx_bf16")


def test_a_machine_without_linux_files_has_a_cpu_all_the_same(tmp_path: Path) -> None:
    assert _first_processor(tmp_path / "missing") == {}
    assert read_cpu().cores >= 1


@pytest.mark.parametrize(
    ("flags", "bf16", "int8"),
    [("avx2", False, False), ("avx512_vnni", False, True), ("amx_bf16 amx_int8", True, True)],
)
def test_number_formats_come_from_the_flags(flags: str, bf16: bool, int8: bool) -> None:
    cpu = Cpu("any", 1, frozenset(flags.split()))
    assert (cpu.has_bf16, cpu.has_int8) == (bf16, int8)


@pytest.mark.parametrize(("quota", "cores"), [(None, 4), (1.5, 2), (0.1, 1), (9.0, 4)])
def test_a_containers_quota_counts(
    quota: float | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(ControlGroups, "quota_cores", lambda _: quota)
    assert usable_cores() == cores


@pytest.mark.parametrize(("wanted", "environment", "threads"), [(3, "7", 3), (0, "7", 7)])
def test_threads_are_the_settings_or_the_launchers(
    wanted: int, environment: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", environment)
    assert threads_of_worker(wanted) == threads


@pytest.mark.parametrize("environment", ["", "4,2", "zero"])
def test_without_a_number_it_is_the_cores(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", environment)
    assert threads_of_worker(0) == usable_cores()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"avx2"}, "neither bf16 nor int8"),
        ({"avx2", "avx512f"}, "backbone=tf_efficientnet_lite0 is the backbone that suits it"),
        ({"avx2", "avx_vnni"}, ""),
        ({"avx2", "avx512_bf16"}, ""),
        # Another kind of processor, or no Linux.
        (set(), ""),
    ],
)
def test_what_a_processor_with_fp32_alone_means_is_said(flags: set[str], words: str) -> None:
    said = describe_plain_processor(Cpu("some", 2, frozenset(flags)), "resnet152")
    assert bool(said) == bool(words)
    assert words in said


def test_who_has_the_small_backbone_is_not_told_to_take_it() -> None:
    said = describe_plain_processor(Cpu("some", 2, frozenset({"avx2"})), "tf_efficientnet_lite0")
    assert "it has the backbone that suits it" in said
