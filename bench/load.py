"""Closed-loop load: clients that each send a photo, await the answer, and send the next.

They share the machine with the server, so they are lean: bodies in memory, kept-alive
connections, threads that wait in the system, and nothing of the answer but its status.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from types import TracebackType
from urllib.parse import urlsplit

from bench.processes import read_spending, spent_between
from bench.report import Figures, percentiles_ms
from hangtag.errors import LoadTestFailed

_ANSWER_TIMEOUT_S = 120.0
_WARM_UP_MIN_S = 2.0
_WARM_UP_MAX_S = 60.0
# A server that is slower than this has no throughput to speak of.
_PATIENCE_S = 60.0
_LOOK_INTERVAL_S = 0.05
_HEADERS = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True)
class _Answer:
    finished_at_s: float
    latency_s: float


def measure_load(
    url: str, server_pid: int, photos: Sequence[bytes], clients: int, seconds: float
) -> Figures:
    """Load a server, let it warm up, and measure for `seconds`.

    For longer if it is so slow that not every client would have had an answer.

    Raises
    ------
    LoadTestFailed : if an answer is not 200, or the server does not answer.
    """
    with ClosedLoop(url, photos, clients) as load:
        load.warm_up()
        begin_s, before = time.perf_counter(), read_spending(server_pid)
        load.sleep(seconds)
        load.await_answers(clients, since_s=begin_s, timeout_s=_PATIENCE_S)
        end_s, after = time.perf_counter(), read_spending(server_pid)
    cpu_s, joules = spent_between(before, after)
    latencies_s = load.latencies_s(begin_s, end_s)
    answers = len(latencies_s)
    if not answers:
        raise LoadTestFailed(f"{url} gave no answer in {end_s - begin_s:.0f} s.")
    p50_ms, p99_ms = percentiles_ms(latencies_s)
    return Figures(
        seconds=end_s - begin_s,
        photos=answers,
        photos_per_s=answers / (end_s - begin_s),
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        cpu_s_per_photo=cpu_s / answers,
        client_cpu_s_per_photo=load.cpu_s_per_answer,
        joules_per_photo=None if joules is None else joules / answers,
    )


class ClosedLoop:
    """The clients, as a context manager; on leaving, each gets its last answer first."""

    def __init__(self, url: str, photos: Sequence[bytes], clients: int) -> None:
        self._clients = [
            # Different photos at the same time.
            _Client(url, _rotated(photos, number * len(photos) // clients))
            for number in range(clients)
        ]

    def __enter__(self) -> ClosedLoop:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self._clients:
            client.stopping.set()
        for client in self._clients:
            client.join()
        if error is None:
            self._require_answers()

    def warm_up(self) -> None:
        """Wait until every client has had its second answer, on average."""
        begin_s = time.perf_counter()
        self.sleep(_WARM_UP_MIN_S)
        self.await_answers(2 * len(self._clients), begin_s, _WARM_UP_MAX_S)

    def await_answers(self, count: int, since_s: float, timeout_s: float) -> None:
        """Wait until so many answers have come since a moment, but not for ever."""
        give_up_at_s = time.perf_counter() + timeout_s
        while (now_s := time.perf_counter()) < give_up_at_s:
            if len(self.latencies_s(since_s, now_s)) >= count:
                break
            self.sleep(_LOOK_INTERVAL_S)

    def sleep(self, seconds: float) -> None:
        """Sleep, and see that no client has failed.

        Raises
        ------
        LoadTestFailed : what the first failed client met.
        """
        wake_at_s = time.perf_counter() + seconds
        while (left_s := wake_at_s - time.perf_counter()) > 0:
            self._require_answers()
            time.sleep(min(left_s, _LOOK_INTERVAL_S))

    def latencies_s(self, begin_s: float, end_s: float) -> list[float]:
        """Return how long each answer took that came between two moments."""
        answers = (answer for client in self._clients for answer in client.answers)
        return [answer.latency_s for answer in answers if begin_s < answer.finished_at_s <= end_s]

    @property
    def cpu_s_per_answer(self) -> float:
        """CPU seconds of the clients themselves; known when they have stopped."""
        return sum(client.cpu_s for client in self._clients) / max(1, self._answered)

    @property
    def _answered(self) -> int:
        return sum(len(client.answers) for client in self._clients)

    def _require_answers(self) -> None:
        failure = next((client.failure for client in self._clients if client.failure), None)
        if failure is not None:
            raise LoadTestFailed(failure)


class _Client(threading.Thread):
    def __init__(self, url: str, photos: Sequence[bytes]) -> None:
        super().__init__(daemon=True)
        self.answers: list[_Answer] = []
        self.failure: str | None = None
        self.cpu_s = 0.0
        self.stopping = threading.Event()
        self._url = url
        self._photos = photos

    def run(self) -> None:
        address = urlsplit(self._url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=_ANSWER_TIMEOUT_S
        )
        try:
            for photo in cycle(self._photos):
                if self.stopping.is_set() or self.failure:
                    break
                self._send(connection, address.path, photo)
        except (OSError, http.client.HTTPException) as error:
            self.failure = f"{self._url} did not answer a client: {error!r}."
        finally:
            connection.close()
            self.cpu_s = time.thread_time()

    def _send(self, connection: http.client.HTTPConnection, path: str, photo: bytes) -> None:
        begin_s = time.perf_counter()
        connection.request("POST", path, photo, _HEADERS)
        response = connection.getresponse()
        body = response.read()
        end_s = time.perf_counter()
        if response.status != http.client.OK:
            self.failure = f"{self._url} answered {response.status} to a photo: {body[:200]!r}"
            return
        self.answers.append(_Answer(end_s, end_s - begin_s))


def _rotated(photos: Sequence[bytes], by: int) -> Sequence[bytes]:
    return [*photos[by:], *photos[:by]]
