from pathlib import Path

from chaos.bystanders import by_supplier, limit_s, unharmed, waiting_times
from chaos.settings import ChaosSettings
from loadtest.client.samples import Sample
from loadtest.client.wire import assemble

SETTINGS = ChaosSettings(time_limit_s=10.0, findings_folder=Path("unused"))


def samples(*seconds: float, outcome: str = "200") -> list[Sample]:
    return [Sample(0.0, 0.0, each, outcome) for each in seconds]


def failed(before: list[Sample], among: list[Sample]) -> list[str]:
    checks = unharmed(before, among, SETTINGS.max_slowdown, SETTINGS)
    return [each.what for each in checks if not each.passed]


def test_callers_may_wait_a_little_longer_than_alone() -> None:
    # Twice as long, or by what nobody notices.
    assert limit_s(samples(1.0), 2.0, SETTINGS) == 2.0
    assert limit_s(samples(0.01), 2.0, SETTINGS) == 0.11


def test_callers_are_harmed_by_waiting_by_failures_and_by_silence() -> None:
    alone = samples(0.5, 0.6)
    assert failed(alone, samples(0.5, 1.1)) == []
    assert failed(alone, samples(0.5, 1.3)) == ["others' p99"]
    assert failed(alone, samples(0.5, outcome="503 overloaded")) == ["others failed"]
    assert failed(alone, []) == ["others' p99"]


def test_a_request_is_sent_in_a_suppliers_name() -> None:
    request = by_supplier(assemble(b"body"), "acme")
    assert request.startswith(b"POST /predictions/tagger HTTP/1.1\r\nX-Supplier: acme\r\nHost: ")
    assert request.endswith(b"\r\n\r\nbody")


def test_both_waiting_times_are_told() -> None:
    told = waiting_times(samples(0.1), samples(0.25))
    assert told == "others' p50 and p99: alone 100 and 100 ms, now 250 and 250 ms"
