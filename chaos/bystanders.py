"""Ordinary callers beside what a trial does to the server: whether they notice anything."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chaos.settings import ChaosSettings
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.photos import ordinary_photos
from loadtest.client.running import LoadRun, RunningLoad
from loadtest.client.samples import Sample, percentile_s
from loadtest.client.wire import Address, assemble

_PHOTOS = 16


def supplier_load(address: Address, supplier: str, timeout_s: float = 30.0) -> Load:
    """Return a load of ordinary photos that a supplier sends."""
    headers = [("Content-Type", "image/jpeg"), ("X-Supplier", supplier)]
    requests = [assemble(photo, headers=headers) for photo in ordinary_photos(_PHOTOS)]
    return Load(address, requests, timeout_s=timeout_s)


def by_supplier(request: bytes, supplier: str) -> bytes:
    """Return a request with the name of the supplier that sends it."""
    start, _, rest = request.partition(b"\r\n")
    return b"\r\n".join((start, b"X-Supplier: " + supplier.encode(), rest))


def alone(load: Load, rate_per_s: float, seconds: float) -> LoadRun:
    """Return how callers fare when there is nobody else."""
    with load.open(rate_per_s, seconds) as running:
        return running.result()


@contextmanager
def others(load: Load, rate_per_s: float, seconds: float) -> Iterator[RunningLoad]:
    """Let callers send on while the block does something to the server."""
    with load.open(rate_per_s, seconds) as running:
        yield running


def limit_s(before: Sequence[Sample], factor: float, settings: ChaosSettings) -> float:
    """Return the p99 that is as good as alone: a multiple of it, or more by what nobody notices."""
    undisturbed_s = percentile_s(before, 99)
    return max(factor * undisturbed_s, undisturbed_s + settings.unnoticed_s)


def unharmed(
    before: Sequence[Sample], among: Sequence[Sample], factor: float, settings: ChaosSettings
) -> tuple[Check, ...]:
    """Return what must hold of ordinary callers: all are answered, about as soon as alone."""
    wanted_s = limit_s(before, factor, settings)
    return (
        Check("others' p99", percentile_s(among, 99), wanted_s, "s"),
        Check("others failed", sum(not each.ok for each in among), 0),
    )


def waiting_times(before: Sequence[Sample], among: Sequence[Sample]) -> str:
    """Return in one line how long callers waited alone, and beside what was done."""
    return "others' p50 and p99: " + ", ".join(
        f"{name} {1000 * percentile_s(samples, 50):.0f} and {1000 * percentile_s(samples, 99):.0f}"
        " ms"
        for name, samples in (("alone", before), ("now", among))
    )
