"""Whether the suppliers were served all the time: enough was sent, and nothing of it failed."""

from chaos.upgrades.traffic import Traffic
from loadtest.check import Check
from loadtest.client.samples import Sample

# Of what is due. Photos that are late are left out, so that slow answers are fewer answers.
_LEAST_SHARE = 0.5


def service_since(
    traffic: Traffic, began_s: float, of: str = ""
) -> tuple[list[Sample], tuple[Check, Check]]:
    """Return all that was sent since a moment, awaited to its end, and what must hold of it.

    Parameters
    ----------
    of : whose requests they are, as the checks name them
    """
    samples = traffic.since(began_s)
    due = traffic.rate_per_s * (traffic.now_s - began_s)
    failed = sum(not each.ok for each in samples)
    return samples, (
        Check(f"{of}requests", len(samples), int(_LEAST_SHARE * due), at_least=True),
        Check(f"{of}failed requests", failed, 0),
    )
