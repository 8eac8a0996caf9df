"""The same photo, alone, in any batch and on any worker: the same scores and decisions."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from chaos.response_equality import MAX_DIFFERENCE, Decided, decided, largest_difference
from chaos.server import ServerUnderTrial, paused
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from hangtag.errors import ServerUnavailable
from loadtest.check import Check
from loadtest.client.answer import Answer
from loadtest.client.load import Load
from loadtest.client.photos import ordinary_photos
from loadtest.client.wire import Address, Connection, ask_once
from loadtest.tagging_requests import photo_request

_TIMEOUT_S = 30.0
_BATCHED_ROUNDS = 2
_BATCHED_CLIENTS = 32
# A worker that runs answers within this, also on a busy machine; one that is stopped does not.
_STUCK_S = 2.0


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Ask for all scores of different photos in different company and on each worker."""
    photos = ordinary_photos(settings.photos)
    requests = [photo_request(photo, query="?top_k=10000") for photo in photos]
    alone = asyncio.run(_ask_all(server.address, requests, clients=1))
    others = [
        *_in_batches(server.address, requests, settings.seed),
        *_on_each_worker(server, requests),
    ]
    differences = [largest_difference(alone[i], other[i]) for other in others for i in alone]
    changed = sum(alone[i].decisions != other[i].decisions for other in others for i in alone)
    workers = server.workers()
    return Row(
        "determinism",
        f"{len(photos)} photos alone, {_BATCHED_ROUNDS} times among {_BATCHED_CLIENTS} others, "
        f"and on each of {len(workers)} workers",
        (
            Check("largest score difference", max(differences), MAX_DIFFERENCE),
            Check("answers with other tags or decisions", changed, 0),
            Check("workers covered", len(others) - _BATCHED_ROUNDS, len(workers), at_least=True),
        ),
        (f"{sum(len(each.scores) for each in alone.values()):,} scores compared each time",),
    )


def _in_batches(address: Address, requests: Sequence[bytes], seed: int) -> list[dict[int, Decided]]:
    chance = random.Random(seed)  # noqa: S311 - no secret is made here
    rounds = []
    for _ in range(_BATCHED_ROUNDS):
        order = chance.sample(range(len(requests)), len(requests))
        shuffled = [requests[i] for i in order]
        answers = asyncio.run(_ask_all(address, shuffled, clients=_BATCHED_CLIENTS))
        rounds.append({order[place]: answer for place, answer in answers.items()})
    return rounds


def _on_each_worker(
    server: ServerUnderTrial, requests: Sequence[bytes]
) -> list[dict[int, Decided]]:
    workers = server.workers()
    return [
        _on_one(server.address, requests, [other for other in workers if other != worker])
        for worker in workers
    ]


def _on_one(
    address: Address, requests: Sequence[bytes], others: Sequence[psutil.Process]
) -> dict[int, Decided]:
    """Answer all requests while all workers but one stand still."""
    with paused(others):
        return asyncio.run(_ask_past_stopped(address, requests, len(others)))


async def _ask_past_stopped(
    address: Address, requests: Sequence[bytes], stopped: int
) -> dict[int, Decided]:
    # What is answered now, the one that runs has answered. A stopped worker sits there with what it
    # was handed first; the same is asked again, and what follows cannot be handed to it.
    stuck: list[asyncio.Task[Answer]] = []
    answered: dict[int, Decided] = {}
    try:
        while len(answered) < len(requests):
            asking = asyncio.create_task(ask_once(address, requests[len(answered)], _TIMEOUT_S))
            done, _ = await asyncio.wait({asking}, timeout=_STUCK_S)
            if done:
                answered[len(answered)] = decided(_document(asking.result()))
            elif len(stuck) < stopped:
                stuck.append(asking)
            else:
                raise ServerUnavailable(f"More than {stopped} requests were stuck.")
    finally:
        for asking in stuck:
            asking.cancel()
    return answered


async def _ask_all(address: Address, requests: Sequence[bytes], clients: int) -> dict[int, Decided]:
    """Return what was decided on each request, by its index.

    Raises
    ------
    ServerUnavailable : if one is not answered with success.
    """
    waiting = list(enumerate(requests))
    answered: dict[int, Decided] = {}

    async def client() -> None:
        connection = Connection(address)
        try:
            await connection.open()
            while waiting:
                index, request = waiting.pop()
                answer = await connection.ask(request, _TIMEOUT_S)
                answered[index] = decided(_document(answer))
        finally:
            connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answered


def _document(answer: Answer) -> Mapping[str, Any]:
    if not answer.ok or not isinstance(answer.document, dict):
        raise ServerUnavailable(f"A good photo was answered with {answer.outcome}.")
    return answer.document
