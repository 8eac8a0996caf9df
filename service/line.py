"""The line in which requests wait for a worker: fair between suppliers.

What a request costs is counted in photos of ordinary size. Suppliers take turns; in each round,
each may be served as much as the others (deficit round robin, Shreedhar and Varghese 1996,
https://doi.org/10.1109/90.502236).
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hangtag.handover import HandedAnswer, HandedRequest

# In each round, of each supplier: an ordinary product.
_QUANTUM = 4.0
# What costs more must not stand in the way of the rest.
HEAVY_COST = 8.0


@dataclass(eq=False)
class Job:
    """A request that waits for its answer; `let_go` gives back what it takes up."""

    request: HandedRequest
    supplier: str
    cost: float
    joined_s: float
    answer: asyncio.Future[HandedAnswer]
    let_go: Callable[[], None]

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody still wants the answer."""
        return not self.answer.done()

    @property
    def is_heavy(self) -> bool:
        """Whether it is as much work as many others."""
        return self.cost > HEAVY_COST


@dataclass
class _Turn:
    """What waits of one supplier, and how much of it may go in this round."""

    jobs: deque[Job] = field(default_factory=deque)
    cost: float = 0.0
    credit: float = 0.0


class Line:
    """Jobs, in turns of their suppliers."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def join(self, job: Job) -> None:
        """Add a job at the end of its supplier's."""
        turn = self._turns.setdefault(job.supplier, _Turn())
        turn.jobs.append(job)
        turn.cost += job.cost
        self._count += 1

    def leave(self, job: Job) -> bool:
        """Take a job out; False if it is not there any more."""
        turn = self._turns.get(job.supplier)
        if turn is None or job not in turn.jobs:
            return False
        turn.jobs.remove(job)
        self._took(job, turn)
        return True

    def take(self, *, heavy: bool = True) -> Job | None:
        """Take the job whose turn it is; none that is heavy unless they may go."""
        self._pass_empty_rounds(heavy)
        while turn := self._next_turn(heavy):
            job = _next_job(turn, heavy)
            if turn.credit < job.cost:
                self._end_turn(job.supplier)
                continue
            turn.jobs.remove(job)
            turn.credit -= job.cost
            self._took(job, turn)
            return job
        return None

    def cost_before(self, supplier: str, cost: float) -> float:
        """Return the work that is done before a new job of a supplier is, if all take turns."""
        own = self._turns[supplier].cost if supplier in self._turns else 0.0
        others = (turn.cost for name, turn in self._turns.items() if name != supplier)
        return own + sum(min(each, own + cost) for each in others)

    def longest(self) -> Job:
        """Return the last job of the supplier of whom most are waiting."""
        turn = max(self._turns.values(), key=lambda each: len(each.jobs))
        return turn.jobs[-1]

    def waiting_of(self, supplier: str) -> int:
        """Return how many jobs of a supplier wait."""
        turn = self._turns.get(supplier)
        return len(turn.jobs) if turn else 0

    def __iter__(self) -> Iterator[Job]:
        return (job for turn in self._turns.values() for job in turn.jobs)

    def _pass_empty_rounds(self, heavy: bool) -> None:
        """Let as many rounds pass at once as pass before anybody can be served."""
        able = [turn for turn in self._turns.values() if _may_be_served(turn, heavy)]
        lacking = [_next_job(turn, heavy).cost - turn.credit for turn in able]
        rounds = math.floor(min(lacking, default=0.0) / _QUANTUM) - 1
        if rounds > 0:
            for turn in able:
                turn.credit += rounds * _QUANTUM

    def _next_turn(self, heavy: bool) -> _Turn | None:
        return next((turn for turn in self._turns.values() if _may_be_served(turn, heavy)), None)

    def _end_turn(self, supplier: str) -> None:
        turn = self._turns.pop(supplier)
        turn.credit += _QUANTUM
        self._turns[supplier] = turn

    def _took(self, job: Job, turn: _Turn) -> None:
        self._count -= 1
        turn.cost -= job.cost
        if not turn.jobs:
            # Who has nothing waiting saves nothing up.
            del self._turns[job.supplier]


def _may_be_served(turn: _Turn, heavy: bool) -> bool:
    return heavy or any(not each.is_heavy for each in turn.jobs)


def _next_job(turn: _Turn, heavy: bool) -> Job:
    return next(each for each in turn.jobs if heavy or not each.is_heavy)
