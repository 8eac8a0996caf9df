"""What runs the tagger: chosen by BACKEND, and the same to the rest of the edge."""

from collections.abc import Sequence
from typing import Protocol

from hangtag.handover import HandedAnswer, HandedRequest


class Lane(Protocol):
    """One place where a batch is answered at a time."""

    @property
    def is_ready(self) -> bool:
        """Whether it can take a batch."""

    async def ready(self) -> None:
        """Return when it can take a batch."""

    async def answer(self, batch: Sequence[HandedRequest]) -> list[HandedAnswer]:
        """Answer a batch, in order.

        Raises
        ------
        WorkerLost : if what was at it has ended.
        """


class Backend(Protocol):
    """All lanes, and how they are."""

    @property
    def lanes(self) -> Sequence[Lane]:
        """Where batches are answered; as many as run at the same time."""

    @property
    def batch_size(self) -> int:
        """Requests that a lane takes at a time, at most."""

    @property
    def heavy_lanes(self) -> int:
        """Lanes that may be taken up by heavy requests at the same time."""

    @property
    def workers_wanted(self) -> int:
        """Processes that shall have loaded the model."""

    @property
    def workers_ready(self) -> int:
        """Processes that have loaded the model."""

    @property
    def restarts(self) -> int:
        """Workers that were begun anew since the start."""

    @property
    def has_given_up(self) -> bool:
        """Whether a worker is lost for good, which only a restart of all brings back."""

    async def run(self) -> None:
        """Keep the workers running, until cancelled.

        Raises
        ------
        BackendFailed : if that is no use any more.
        """
