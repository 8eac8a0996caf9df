from pathlib import Path

import pytest

from loadtest.plan import DURATIONS_S, MIXES, LoadPlan, Scenario, plan_of_environment
from loadtest.scenarios import clients_at
from loadtest.suppliers import suppliers_without_keys


def clients(scenario: Scenario, users: int = 20, duration_s: int = 60) -> list[int | None]:
    plan = LoadPlan(
        scenario=scenario,
        users=users,
        duration_s=duration_s,
        photos=Path("photos"),
        suppliers=suppliers_without_keys(),
    )
    return [clients_at(plan, seconds) for seconds in (0, 11.9, 12, 25, 39.9, 40, 59.9, 60)]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("steady", [20, 20, 20, 20, 20, 20, 20, None]),
        ("soak", [20, 20, 20, 20, 20, 20, 20, None]),
        ("ramp", [4, 4, 8, 12, 16, 16, 20, None]),
        ("spike", [5, 5, 5, 20, 20, 5, 5, None]),
    ],
)
def test_clients_over_time(scenario: Scenario, expected: list[int | None]) -> None:
    assert clients(scenario) == expected


@pytest.mark.parametrize("scenario", DURATIONS_S)
def test_one_client_is_the_least(scenario: Scenario) -> None:
    assert clients(scenario, users=1) == [1, 1, 1, 1, 1, 1, 1, None]


def test_a_mix_is_in_hundredths() -> None:
    assert {sum(kinds.values()) for kinds in MIXES.values()} == {100}


def test_the_plan_reaches_the_process_of_locust(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = LoadPlan(mix="large", photos=Path("a b"), suppliers=suppliers_without_keys())
    for name, value in plan.to_environment().items():
        monkeypatch.setenv(name, value)
    assert plan_of_environment() == plan
