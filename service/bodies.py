"""Bodies while they arrive: memory is reserved for what has come, not for what is promised."""

import asyncio
from collections.abc import AsyncIterator

from hangtag.errors import RequestTooLarge
from service.errors import Overloaded, RequestIncomplete
from service.settings import ServiceSettings

_SMALL_SHARE = 64
# A quarter of what may be held is for small bodies.
_LARGE_SHARE = (3, 4)
# Of what may be held by large bodies, one address's.
_ADDRESS_SHARE = 2
# A sender may think, or its network start slowly.
_RATE_GRACE_S = 2.0


class BodyBudget:
    """Bytes of bodies that may be held at one time, over all connections.

    A quarter is for small bodies alone: a few big uploads, or some slow ones, must not lock out the
    photos of everybody else. Nor may one address hold more than half of what is for large ones.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._total_of_large = total_bytes * _LARGE_SHARE[0] // _LARGE_SHARE[1]
        self._largest_small = total_bytes // _SMALL_SHARE
        self.held_bytes = 0
        self._held_by_large = 0
        self._held_by_address: dict[str, int] = {}

    def open(self, address: str) -> "Reservation":
        """Begin a request's part, of nothing."""
        return Reservation(self, address)

    def change(self, address: str, before: int, after: int) -> bool:
        """Let a part grow or shrink; return False, and leave all as it was, without room for it."""
        held = self.held_bytes - before + after
        large_more = self._large(after) - self._large(before)
        large = self._held_by_large + large_more
        of_address = self._held_by_address.get(address, 0) + large_more
        if after > before and (
            held > self._total
            or (large_more and large > self._total_of_large)
            or (large_more and of_address > max(self._total_of_large // _ADDRESS_SHARE, after))
        ):
            return False
        self.held_bytes, self._held_by_large = held, large
        if of_address:
            self._held_by_address[address] = of_address
        else:
            self._held_by_address.pop(address, None)
        return True

    def _large(self, count: int) -> int:
        return count if count > self._largest_small else 0


class Reservation:
    """One request's part of the budget."""

    def __init__(self, budget: BodyBudget, address: str) -> None:
        self._budget = budget
        self._address = address
        self.held_bytes = 0

    def grow_to(self, count: int) -> bool:
        """Hold so many bytes; return False, and leave all as it was, if they are not to be had."""
        if not self._budget.change(self._address, self.held_bytes, count):
            return False
        self.held_bytes = count
        return True

    def release(self) -> None:
        """Hold nothing any more."""
        self.grow_to(0)


async def read_body(
    pieces: AsyncIterator[bytes],
    reservation: Reservation,
    settings: ServiceSettings,
    began_s: float,
) -> bytes:
    """Collect a body.

    Parameters
    ----------
    began_s : when the request's first byte came, on the monotonic clock

    Raises
    ------
    RequestTooLarge : if it has more bytes than are taken.
    Overloaded : if too many bytes are held already.
    RequestIncomplete : if it comes too slowly.
    """
    collected: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout_at(_patience_s(settings, began_s, size)) as patience:
            async for piece in pieces:
                size += len(piece)
                if size > settings.max_request_bytes:
                    raise too_large(settings)
                if not reservation.grow_to(size):
                    raise Overloaded(
                        "Too many bytes of other requests are held; send it again in 1 s."
                    )
                collected.append(piece)
                patience.reschedule(_patience_s(settings, began_s, size))
    except TimeoutError as error:
        raise incomplete(settings) from error
    return b"".join(collected)


def too_large(settings: ServiceSettings) -> RequestTooLarge:
    """Return the refusal of a body that is, or says that it will be, too large."""
    return RequestTooLarge(
        f"The request has more than the {settings.max_request_bytes} bytes that are taken; send "
        "fewer or smaller photos."
    )


def incomplete(settings: ServiceSettings) -> RequestIncomplete:
    """Return the refusal of a request that does not arrive."""
    return RequestIncomplete(
        f"The request did not arrive completely within {settings.read_timeout_ms} ms, or came more "
        f"slowly than {settings.least_rate_bytes_per_s} bytes a second; send it anew."
    )


def _patience_s(settings: ServiceSettings, began_s: float, size: int) -> float:
    """Return until when the next piece must come, on the monotonic clock."""
    end_s = began_s + settings.read_timeout_ms / 1000
    if not settings.least_rate_bytes_per_s:
        return end_s
    return min(end_s, began_s + _RATE_GRACE_S + (size + 1) / settings.least_rate_bytes_per_s)
