"""Control groups as they look in a container, on a machine, and in version 1."""

from pathlib import Path

import pytest

from hangtag.cgroup import ControlGroups

GIB = 1 << 30


@pytest.fixture
def groups(tmp_path: Path) -> ControlGroups:
    (tmp_path / "mount").mkdir()
    return ControlGroups(tmp_path / "mount", tmp_path / "membership")


def write(groups: ControlGroups, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = groups.mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")


def test_without_control_groups_there_are_no_limits(groups: ControlGroups) -> None:
    assert (groups.quota_cores(), groups.memory_bytes()) == (None, None)


def test_a_container_sees_its_own_group_as_the_topmost(groups: ControlGroups) -> None:
    groups.membership.write_text("0::/\n")
    write(groups, {"cpu.max": "150000 100000", "memory.max": str(2 * GIB)})
    assert (groups.quota_cores(), groups.memory_bytes()) == (1.5, 2 * GIB)


def test_max_is_no_limit(groups: ControlGroups) -> None:
    groups.membership.write_text("0::/\n")
    write(groups, {"cpu.max": "max 100000", "memory.max": "max"})
    assert (groups.quota_cores(), groups.memory_bytes()) == (None, None)


def test_what_is_not_a_number_is_no_limit(groups: ControlGroups) -> None:
    write(groups, {"cpu.max": "junk", "memory.max": ""})
    assert (groups.quota_cores(), groups.memory_bytes()) == (None, None)


def test_the_tightest_of_the_groups_above_holds(groups: ControlGroups) -> None:
    groups.membership.write_text("0::/pods/pod/container\n")
    write(
        groups,
        {
            "pods/memory.max": str(8 * GIB),
            "pods/pod/memory.max": str(GIB),
            "pods/pod/container/memory.max": str(4 * GIB),
            "pods/pod/container/cpu.max": "300000 100000",
            "pods/other/memory.max": "1",
        },
    )
    assert (groups.quota_cores(), groups.memory_bytes()) == (3, GIB)


@pytest.mark.parametrize("path", ["/docker/abc", "/"])
def test_version_1_with_the_hosts_path_and_with_its_own(groups: ControlGroups, path: str) -> None:
    groups.membership.write_text(f"9:memory:{path}\n4:cpu,cpuacct:{path}\n")
    write(
        groups,
        {
            "memory/memory.limit_in_bytes": str(GIB),
            "cpu/cpu.cfs_quota_us": "250000",
            "cpu/cpu.cfs_period_us": "100000",
        },
    )
    assert (groups.quota_cores(), groups.memory_bytes()) == (2.5, GIB)


def test_version_1_says_no_limit_with_numbers(groups: ControlGroups) -> None:
    groups.membership.write_text("9:memory:/\n4:cpu:/\n")
    write(
        groups,
        {
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
        },
    )
    assert (groups.quota_cores(), groups.memory_bytes()) == (None, None)


def test_this_machine_can_be_asked() -> None:
    cores, memory_bytes = ControlGroups().quota_cores(), ControlGroups().memory_bytes()
    assert cores is None or cores > 0
    assert memory_bytes is None or memory_bytes > 0
