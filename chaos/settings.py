"""How long and how hard the trials are: in full, or short for `make test`."""

from dataclasses import dataclass
from pathlib import Path

from server.settings import edge_settings


@dataclass(frozen=True)
class ChaosSettings:
    """Amounts and durations of the trials; the limits that they check are the contract's."""

    # The time in which the configuration promises every answer.
    time_limit_s: float
    # Where requests that were answered wrongly are written.
    findings_folder: Path
    # What the random requests are drawn from: the same seed draws the same requests.
    seed: int = 0
    short: bool = False

    # --- What counts as the same as before: throughput and, the other way round, waiting times.
    same_share: float = 0.9
    # How much longer an ordinary client may wait (p99) among slow and huge ones, and the seconds
    # below which it notices nothing.
    max_slowdown: float = 2.0
    unnoticed_s: float = 0.1

    # --- Measuring the capacity, which the other loads are a share of.
    capacity_s: float = 6.0
    # Each of the runs that tell whether all is as before.
    probe_s: float = 2.5
    capacity_clients: int = 32
    # Above this the generator, which shares the machine, could not quadruple it: photos that are
    # dearer to decode are sent instead.
    max_capacity_per_s: float = 200.0

    # --- Fuzzing. Beside these, which hypothesis draws, there are the bombs.
    fuzz_requests: int = 10_000
    fuzz_warm_up_requests: int = 1_600
    max_findings: int = 20

    # --- A worker killed.
    kill_clients: int = 16
    kill_before_s: float = 4.5
    kill_window_s: float = 2.0

    # --- Overload.
    overload_factor: float = 4.0
    overload_s: float = 60.0
    # The generator shares the machine; this much of the wanted rate must really have been sent.
    min_offered_share: float = 0.95
    max_refusal_s: float = 1.0
    # Of the capacity, while four times as much is refused.
    goodput_share: float = 0.7
    # Who would wait for more than half of the time limit is refused; estimates may be wrong.
    max_accepted_share: float = 0.75

    # --- Clients that give up.
    given_up_requests: int = 200

    # --- Slow and huge clients.
    slow_s: float = 5.0
    slow_clients: int = 100
    huge_clients: int = 32
    # Two gigabytes pass through the server's own cores, and their sender works on them too.
    max_wait_among_huge_s: float = 1.0

    # --- Photos that take long to decode.
    dear_s: float = 12.0

    # --- One supplier that floods: how often another sends, for how long, and how much longer it
    # may wait than alone.
    flood_s: float = 30.0
    flooded_per_s: float = 4.0
    max_slowdown_by_flood: float = 1.5
    # Of its share, which is half of the capacity.
    flood_factor: float = 10.0

    # --- Connections that promise much, or do nothing.
    promises: int = 22
    idle_connections: int = 500
    descriptors: int = 400

    # --- Bombs that come together.
    bombs_together: int = 4

    # --- What the API's own description allows.
    examples: int = 100

    # --- Determinism.
    photos: int = 64

    # --- Soak.
    soak_share: float = 0.8
    soak_s: float = 600.0
    # Memory settles in the first minutes: caches, arenas, compiled Java.
    soak_settled_s: float = 120.0

    @property
    def max_accepted_s(self) -> float:
        """Seconds within which nearly all are answered that were let in under overload."""
        return self.max_accepted_share * self.time_limit_s


def full(seed: int, findings_folder: Path) -> ChaosSettings:
    """Return the trials as `make chaos` runs them."""
    return ChaosSettings(configured_time_limit_s(), findings_folder, seed)


def short(seed: int, findings_folder: Path) -> ChaosSettings:
    """Return trials that together take about two minutes on each backend."""
    return ChaosSettings(
        configured_time_limit_s(),
        findings_folder,
        seed,
        short=True,
        # Seconds of measuring, while other tests run: less must be the same, and what is not is
        # measured again.
        same_share=0.7,
        max_slowdown=3.0,
        unnoticed_s=0.5,
        capacity_s=1.6,
        probe_s=0.8,
        max_capacity_per_s=120.0,
        fuzz_requests=400,
        fuzz_warm_up_requests=200,
        kill_before_s=1.2,
        kill_window_s=1.0,
        overload_s=3.0,
        min_offered_share=0.8,
        max_refusal_s=2.0,
        goodput_share=0.4,
        given_up_requests=60,
        slow_s=1.5,
        slow_clients=30,
        huge_clients=6,
        # 60 MB pass through cores that other tests work on.
        max_wait_among_huge_s=3.0,
        dear_s=4.0,
        flood_s=6.0,
        examples=10,
        photos=12,
        soak_s=4.0,
        soak_settled_s=1.0,
    )


def configured_time_limit_s() -> float:
    """Return the time limit that serve_config/ promises, in seconds."""
    return edge_settings().time_limit_s
