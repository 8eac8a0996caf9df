"""How many clients there are at each moment of a run."""

import math

from loadtest.plan import LoadPlan

_RAMP_STEPS = 5
# A spike is this many times the load before and after it, and takes the middle third.
_SPIKE_FACTOR = 4


def clients_at(plan: LoadPlan, seconds: float) -> int | None:
    """Return the number of clients at a moment; None when the run is over.

    steady, soak
        as many as the plan has
    ramp
        more from fifth to fifth of the time
    spike
        a quarter of them, all of them in the middle third, a quarter again
    """
    if seconds >= plan.duration_s:
        return None
    share = seconds / plan.duration_s
    if plan.scenario == "ramp":
        return math.ceil(plan.users * (1 + int(share * _RAMP_STEPS)) / _RAMP_STEPS)
    if plan.scenario == "spike" and not 1 / 3 <= share < 2 / 3:
        return math.ceil(plan.users / _SPIKE_FACTOR)
    return plan.users
