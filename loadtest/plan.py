"""What a run of the load test sends, as data: the command writes it, Locust's process reads it."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

_VARIABLE = "HANGTAG_LOADTEST"

Scenario = Literal["steady", "ramp", "spike", "soak"]
Mix = Literal["photos", "products", "large", "broken", "suppliers"]
Kind = Literal["photo", "multipart", "json", "large", "broken"]

# Of each kind of request, how many in a hundred.
MIXES: dict[Mix, dict[Kind, int]] = {
    "photos": {"photo": 100},
    "products": {"multipart": 60, "json": 40},
    "large": {"large": 100},
    "broken": {"broken": 100},
    # Like a day: most photos are small, some products come whole, some clients are wrong.
    "suppliers": {"photo": 60, "multipart": 15, "json": 10, "large": 10, "broken": 5},
}
# Seconds, where none are given.
DURATIONS_S: dict[Scenario, int] = {"steady": 30, "ramp": 60, "spike": 60, "soak": 1800}


class Supplier(BaseModel, extra="forbid", frozen=True):
    """A caller by name; without a key where no proxy asks for one."""

    name: str
    key: str | None = None


class LoadPlan(BaseModel, extra="forbid", frozen=True):
    """One run: who sends what, with how many clients over which time."""

    scenario: Scenario = "steady"
    mix: Mix = "photos"
    # At the peak of the scenario.
    users: int = Field(8, ge=1)
    duration_s: int = Field(30, ge=1)
    # After which a client gives up: connecting may take as long, and so may each silence after it.
    timeout_s: float = Field(20, gt=0)
    photos: Path
    suppliers: tuple[Supplier, ...] = Field(min_length=1)

    def to_environment(self) -> dict[str, str]:
        """Return the variable that hands the plan to Locust's process."""
        return {_VARIABLE: self.model_dump_json()}


def plan_of_environment() -> LoadPlan:
    """Return the plan that the command has handed over."""
    return LoadPlan.model_validate_json(os.environ[_VARIABLE])
