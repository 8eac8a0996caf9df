"""How the cores are divided among processes of the raw engine."""

import pytest

from bench.raw_limit import divisions


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 6, 16, 64])
def test_no_division_uses_more_cores_than_there_are(cores: int) -> None:
    divided = divisions(cores)
    assert (1, cores) in divided
    assert (cores, 1) in divided
    assert all(processes * threads <= cores for processes, threads in divided)
    assert len(set(divided)) == len(divided)
