"""Closed-loop load: clients that each send a photo, await the answer, and send the next."""

from collections.abc import Sequence

from bench.report import Figures, percentiles_ms
from loadtest.client.load import Load
from loadtest.client.running import RunningLoad
from loadtest.client.wire import Address
from loadtest.errors import LoadTestFailed
from loadtest.processes import read_spending, spent_between
from loadtest.tagging_requests import photo_request

_ANSWER_TIMEOUT_S = 120.0
_WARM_UP_MIN_S = 2.0
_WARM_UP_MAX_S = 60.0
# A server that is slower than this has no throughput to speak of.
_PATIENCE_S = 60.0
_LOOK_INTERVAL_S = 0.05


def measure_load(
    url: str, server_pid: int, photos: Sequence[bytes], clients: int, seconds: float
) -> Figures:
    """Load a server, let it warm up, and measure for `seconds`.

    For longer if it is so slow that not every client would have had an answer.

    Raises
    ------
    LoadTestFailed : if an answer is not 200, or the server does not answer.
    """
    requests = [photo_request(photo) for photo in photos]
    # Nothing is sent again: a server that drops connections is not measured.
    load = Load(Address.of(url), requests, timeout_s=_ANSWER_TIMEOUT_S, resends=False)
    with load.closed(clients) as running:
        _warm_up(running, url, clients)
        begin_s, before = running.now_s, read_spending(server_pid)
        _watch(running, url, seconds)
        _await_answers(running, url, clients, begin_s, _PATIENCE_S)
        end_s, after = running.now_s, read_spending(server_pid)
        run = running.end()
        _require_answers(running, url)
    spent = spent_between(before, after)
    latencies_s = [each.seconds for each in run.samples if begin_s < each.done_s <= end_s]
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
        cpu_s_per_photo=spent.cpu_s / answers,
        own_cpu_s_per_photo=spent.own_cpu_s / answers,
        client_cpu_s_per_photo=run.cpu_s / len(run.samples),
        joules_per_photo=None if spent.joules is None else spent.joules / answers,
    )


def _warm_up(running: RunningLoad, url: str, clients: int) -> None:
    """Wait until every client has had its second answer, on average."""
    begin_s = running.now_s
    _watch(running, url, _WARM_UP_MIN_S)
    _await_answers(running, url, 2 * clients, begin_s, _WARM_UP_MAX_S)


def _await_answers(
    running: RunningLoad, url: str, count: int, since_s: float, timeout_s: float
) -> None:
    """Wait until so many answers have come since a moment, but not for ever."""
    give_up_at_s = running.now_s + timeout_s
    while running.now_s < give_up_at_s:
        if sum(each.done_s > since_s for each in running.samples) >= count:
            break
        _watch(running, url, _LOOK_INTERVAL_S)


def _watch(running: RunningLoad, url: str, seconds: float) -> None:
    """Let the load go on for a while, and see that no request has failed."""
    until_s = running.now_s + seconds
    while (left_s := until_s - running.now_s) > 0:
        _require_answers(running, url)
        running.flow(min(left_s, _LOOK_INTERVAL_S))


def _require_answers(running: RunningLoad, url: str) -> None:
    failure = running.first_failure
    if failure is None:
        return
    if failure.status is None:
        raise LoadTestFailed(f"{url} did not answer a client: {failure.lost}.")
    raise LoadTestFailed(f"{url} answered {failure.status} to a photo: {failure.body[:200]!r}")
