import doctest

import pytest

from loadtest import planning
from loadtest.planning import Server, plan_servers


def server(**changes: object) -> Server:
    known = {"photos_per_s": 50, "cores": 2, "gpus": 0, "memory_mb": 1500, "mean_photo_bytes": 8000}
    return Server.model_validate({**known, **changes})


def test_the_examples_of_the_documentation_hold() -> None:
    assert doctest.testmod(planning) == (0, 4)


def test_every_target_is_carried_with_a_tenth_to_spare() -> None:
    for need in plan_servers(server()):
        working = need.servers / 1.1
        assert working * 50 * 0.7 >= need.photos_per_s * 0.99
        assert need.cores == 2 * need.servers


def test_a_day_has_its_seconds() -> None:
    (need,) = plan_servers(server(), [10_000])
    assert need.million_a_day == 864
    assert need.network_mb_per_s == 80


def test_a_faster_server_needs_fewer() -> None:
    slow, fast = (plan_servers(server(photos_per_s=rate), [1000])[0] for rate in (50, 500))
    assert fast.servers < slow.servers / 5


def test_gpus_are_counted() -> None:
    (need,) = plan_servers(server(gpus=2), [1000])
    assert need.gpus == 2 * need.servers


@pytest.mark.parametrize("unknown", ["cores", "memory_mb"])
def test_what_is_not_known_stays_so(unknown: str) -> None:
    (need,) = plan_servers(server(**{unknown: None}), [1000])
    assert {need.cores, need.memory_gb} & {None}
