"""Suppliers that go on sending photos through the proxy while the taggers behind it change."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from loadtest.client.answer import Answer
from loadtest.client.load import Load, Run
from loadtest.client.running import LoadRun, Progress, RunningLoad
from loadtest.client.samples import Sample
from loadtest.client.wire import Address, assemble

# The outcome of a 200 whose body is not one of the tagger's: a failure.
_NO_TAGS = "no tags"


class Traffic(RunningLoad):
    """The clients, at work in a thread of their own: `with Traffic(…) as traffic: ...`.

    Parameters
    ----------
    keys : the API key of each supplier; all send as often
    rate_per_s : of all clients together, as long as answers come in time
    """

    def __init__(
        self,
        address: Address,
        photos: Sequence[bytes],
        keys: Mapping[str, str],
        rate_per_s: float,
        clients_per_supplier: int = 3,
    ) -> None:
        requests = [
            assemble(photo, headers=[("X-Api-Key", key), ("Content-Type", "image/jpeg")])
            for photo in photos
            for key in keys.values()
        ]
        # Nothing is sent again: what the proxy loses shows.
        load = Load(address, requests, resends=False)
        clients = len(keys) * clients_per_supplier
        super().__init__(lambda progress: _Paced(load, clients, rate_per_s, progress).run())
        self.rate_per_s = rate_per_s


class _Paced(Run):
    """Clients that each send when it is due and the last photo is answered."""

    def __init__(self, load: Load, clients: int, rate_per_s: float, progress: Progress) -> None:
        super().__init__(load, math.inf, progress)
        self._clients = clients
        self._interval_s = clients / rate_per_s

    async def run(self) -> LoadRun:
        shares = (number / self._clients for number in range(self._clients))
        await asyncio.gather(*(self._client(share * self._interval_s) for share in shares))
        return self._result()

    async def _client(self, due_s: float) -> None:
        while True:
            await asyncio.sleep(max(0.0, due_s - self._now_s))
            if self._over:
                break
            await self._pause_if_lost(await self._ask(due_s))
            # Late photos are left out, rather than sent all at once.
            due_s = max(due_s + self._interval_s, self._now_s)

    def _sample(self, answer: Answer, due_s: float, sent_s: float) -> Sample:
        sample = super()._sample(answer, due_s, sent_s)
        if not answer.ok:
            return sample
        version = _version(answer.document)
        return replace(sample, outcome=sample.outcome if version else _NO_TAGS, version=version)


def _version(document: Any) -> str:
    model = document.get("model") if isinstance(document, dict) else None
    version = model.get("version") if isinstance(model, dict) else None
    return version if isinstance(version, str) else ""
