"""Thousands of hostile requests beside a good neighbour: no 5xx, no restart, no growth."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.fuzzing.bombs import bomb_cases
from chaos.fuzzing.cases import FuzzCase, keep
from chaos.fuzzing.judgement import complaint, neighbour_complaint
from chaos.fuzzing.neighbour import good_neighbour
from chaos.fuzzing.shrinking import shrink
from chaos.fuzzing.strategies import draw_batches
from chaos.response_equality import Decided
from chaos.server import Health, ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.wire import Address, ask_once

BATCH = 16
MAX_GROWTH_SHARE = 0.05
MAX_GROWTH_BYTES = 30_000_000
_TIMEOUT_S = 30.0
# What is no HTTP is not waited for: the rest that the server waits for never comes.
_MALFORMED_TIMEOUT_S = 0.2
_SHRINK_BUDGET_S = 5.0
_READY_TIMEOUT_S = 30.0
_SETTLE_S = 1.0
_LOOKS, _LOOK_INTERVAL_S = 5, 0.2


@dataclass
class Finding:
    """Requests that were answered wrongly.

    One, as small as it could be made, or a batch whose good neighbour was harmed.
    """

    cases: list[FuzzCase]
    complaint: str


@dataclass
class Fuzzer:
    """Sends batches and remembers what was wrong with their answers."""

    address: Address
    max_findings: int
    neighbour: bytes
    expected: Decided
    sent: int = 0
    wrong: int = 0
    neighbours_harmed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)

    def send(self, cases: Sequence[FuzzCase]) -> None:
        """Send requests at the same time as the good neighbour, and judge all answers."""
        *answers, neighbour = asyncio.run(self._ask(cases))
        self.sent += len(cases)
        self.kinds.update(case.kind for case in cases)
        harm = neighbour_complaint(self.expected, neighbour)
        if harm is not None:
            self.neighbours_harmed += 1
            self._note(list(cases), harm)
        for case, answer in zip(cases, answers, strict=True):
            what = complaint(case, answer)
            if what is not None:
                self.wrong += 1
                self._note([case], what)

    async def _ask(self, cases: Sequence[FuzzCase]) -> list[Answer]:
        return await asyncio.gather(
            *(ask_once(self.address, case.request, _patience_s(case)) for case in cases),
            ask_once(self.address, self.neighbour, _TIMEOUT_S),
        )

    def _note(self, cases: list[FuzzCase], what: str) -> None:
        # One of each kind is enough to mend it.
        key = f"{cases[0].kind if len(cases) == 1 else 'batch'}: {what}"
        if key not in self.findings and len(self.findings) < self.max_findings:
            self.findings[key] = Finding(cases, what)

    def shrink_findings(self) -> None:
        """Make the requests that were found smaller, as far as they fail alone."""
        for finding in self.findings.values():
            if len(finding.cases) == 1:
                fails = self._fails_like(finding)
                finding.cases = [shrink(finding.cases[0], fails, _SHRINK_BUDGET_S)]

    def _fails_like(self, finding: Finding) -> Callable[[FuzzCase], bool]:
        def fails(case: FuzzCase) -> bool:
            answer = asyncio.run(ask_once(self.address, case.request, _patience_s(case)))
            return complaint(case, answer) == finding.complaint

        return fails


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send what hypothesis draws, and bombs; compare the processes with those of before.

    Bombs go off in the warm-up too: what the largest photo needs, the allocator keeps for the next.
    """
    neighbour, expected = good_neighbour(server.address)
    fuzzer = Fuzzer(server.address, settings.max_findings, neighbour, expected)
    workers = server.health().worker_pids
    draw_batches(
        fuzzer.send,
        requests=settings.fuzz_warm_up_requests,
        size=BATCH,
        random_seed=settings.seed + 1,
    )
    _send_bombs(fuzzer, short=settings.short)
    warm = _settled_health(server)
    rest = settings.fuzz_requests - settings.fuzz_warm_up_requests
    draw_batches(fuzzer.send, requests=rest, size=BATCH, random_seed=settings.seed)
    _send_bombs(fuzzer, short=settings.short)
    after = _settled_health(server)
    fuzzer.shrink_findings()
    still_answers = server.wait_until_ready(_READY_TIMEOUT_S)
    gone = len(workers - server.health().worker_pids)
    return _row(
        fuzzer,
        warm,
        after,
        gone,
        still_answers=still_answers,
        findings_folder=settings.findings_folder,
    )


def _send_bombs(fuzzer: Fuzzer, *, short: bool) -> None:
    for case in bomb_cases(short=short):
        fuzzer.send([case])


def _settled_health(server: ServerUnderTrial) -> Health:
    """Return the look with the most memory, once the last request's photo is gone."""
    time.sleep(_SETTLE_S)
    looks = []
    for _ in range(_LOOKS):
        time.sleep(_LOOK_INTERVAL_S)
        looks.append(server.health())
    return max(looks, key=lambda look: look.memory_bytes)


def _patience_s(case: FuzzCase) -> float:
    return _MALFORMED_TIMEOUT_S if case.malformed else _TIMEOUT_S


def _row(
    fuzzer: Fuzzer,
    warm: Health,
    after: Health,
    gone: int,
    *,
    still_answers: bool,
    findings_folder: Path,
) -> Row:
    limit = max(MAX_GROWTH_BYTES, MAX_GROWTH_SHARE * warm.memory_bytes)
    return Row(
        "fuzz",
        f"{fuzzer.sent:,} hostile requests: "
        + ", ".join(f"{count:,} {kind}" for kind, count in fuzzer.kinds.most_common(11)),
        (
            Check("answered wrongly", fuzzer.wrong, 0),
            Check("good neighbours harmed", fuzzer.neighbours_harmed, 0),
            Check("worker restarts", gone, 0),
            Check(
                "memory growth", (after.memory_bytes - warm.memory_bytes) / 1e6, limit / 1e6, "MB"
            ),
            Check("does not answer afterwards", int(not still_answers), 0),
        ),
        (
            f"workers {warm.worker_bytes / 1e6:.0f} MB, then {after.worker_bytes / 1e6:.0f} MB; "
            f"the rest {warm.other_bytes / 1e6:.0f} MB, then {after.other_bytes / 1e6:.0f} MB",
            *(_kept(key, finding, findings_folder) for key, finding in fuzzer.findings.items()),
        ),
    )


def _kept(key: str, finding: Finding, folder: Path) -> str:
    """Write the requests of a finding as tests/e2e/fuzz_cases keeps them; return what to read."""
    name = re.sub("[^a-z0-9]+", "-", key.lower()).strip("-")
    files = [
        keep(case, folder, f"{name}-{number}") for number, case in enumerate(finding.cases, start=1)
    ]
    return f"{key} — {finding.cases[0].printed()} ({len(files)} kept as {files[0]} …)"
