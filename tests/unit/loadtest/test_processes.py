"""CPU and memory of a process with its descendants."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from loadtest.processes import read_memory, read_spending, spent_between

# Starts a child that computes; both hold memory until their input ends.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print("started", flush=True)
sys.stdin.read()
child.kill()
"""
CHILD = "while True: sum(range(10_000))"
SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def busy_hierarchy() -> Iterator[int]:
    """A process that sleeps and its child that computes."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        yield parent.pid


def test_the_work_of_descendants_counts(busy_hierarchy: int) -> None:
    before = read_spending(busy_hierarchy)
    time.sleep(0.5)
    spent = spent_between(before, read_spending(busy_hierarchy))
    assert 0.05 < spent.cpu_s < 2
    # The parent only waits.
    assert spent.own_cpu_s < spent.cpu_s / 2
    assert spent.joules is None or spent.joules > 0


def test_a_group_counts_though_its_leader_has_not_started_all_of_it() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", SLEEP], process_group=0) as leader,
        subprocess.Popen([sys.executable, "-c", CHILD], process_group=leader.pid) as member,
    ):
        before = read_spending(leader.pid)
        time.sleep(0.5)
        spent = spent_between(before, read_spending(leader.pid))
        listed = read_memory(leader.pid)
        member.kill()
        leader.kill()
    assert 0.05 < spent.cpu_s < 2
    assert len(listed) == 2


def test_each_process_is_listed_with_its_memory(busy_hierarchy: int) -> None:
    memory = read_memory(busy_hierarchy)
    assert [each.process for each in memory] == ["worker", "worker"]
    assert all(each.rss_bytes > 1_000_000 for each in memory)
    # Read one after the other, of processes that may still grow.
    assert all(each.pss_bytes is None or each.pss_bytes <= 1.5 * each.rss_bytes for each in memory)


def test_a_process_that_is_gone_is_an_error() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert done.pid != os.getpid()
    with pytest.raises(psutil.NoSuchProcess):
        read_spending(done.pid)
