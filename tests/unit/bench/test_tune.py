import pytest

from bench.tune import Trial, candidate_plans, choose
from server.plan import ServingPlan, default_plan


def trial(photos_per_s: float, lone_p50_ms: float) -> Trial:
    return Trial(ServingPlan(workers=1, threads=1, batch_size=8), photos_per_s, lone_p50_ms)


@pytest.mark.parametrize("cores", [1, 2, 6, 64])
def test_plans_to_measure_use_the_cores(cores: int) -> None:
    default = default_plan(cores, gpus=0)
    plans = candidate_plans(cores, default)
    assert plans[0] == default
    assert len(plans) == len(set(plans))
    assert all(1 <= plan.threads <= cores for plan in plans)
    assert all(plan.workers * plan.threads <= 2 * cores for plan in plans)
    assert any(plan.workers == 1 and plan.threads == cores for plan in plans)


def test_throughput_decides() -> None:
    fast, prompt = trial(100, 30), trial(80, 10)
    assert choose([prompt, fast]) is fast


def test_among_equals_the_lone_photo_decides() -> None:
    fast, prompt = trial(100, 30), trial(98, 10)
    assert choose([fast, prompt]) is prompt
