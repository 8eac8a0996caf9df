"""Suppliers that go on sending photos through the proxy while the taggers behind it change.

Each client keeps one connection, sends its next photo when it is due and the last one is answered,
and never sends one again by itself: what the proxy loses shows.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from hangtag.errors import LoadTestFailed
from loadtest.client.answer import Answer
from loadtest.client.samples import Sample
from server.torchserve import MODEL_NAME

_TIMEOUT_S = 30.0
_PAUSE_AFTER_LOSS_S = 0.05
_LOOK_INTERVAL_S = 0.05

# The outcome of a 200 whose body is none of the tagger's: a failure.
_NO_TAGS = "no tags"


@dataclass(frozen=True)
class Tagged(Sample):
    """One request; `version` is the archive's that answered it, "" without an answer."""

    supplier: str = ""
    version: str = ""


class Traffic:
    """The clients, at work in a thread of their own: `with Traffic(…) as traffic: ...`.

    Parameters
    ----------
    keys : the API key of each supplier; all have the same number of clients
    rate_per_s : of all clients together, as long as answers come in time
    """

    def __init__(
        self,
        url: str,
        photos: Sequence[bytes],
        keys: Mapping[str, str],
        rate_per_s: float,
        clients_per_supplier: int = 3,
    ) -> None:
        self._url = f"{url}/predictions/{MODEL_NAME}"
        self._photos = list(photos)
        self._clients = list(keys.items()) * clients_per_supplier
        self.rate_per_s = rate_per_s
        self._interval_s = len(self._clients) / rate_per_s
        self._samples: list[Tagged] = []
        # When each request was sent that has no sample yet.
        self._under_way: set[float] = set()
        self._stop = threading.Event()
        # One for all clients: each would take its time to read the same certificates.
        self._tls = ssl.create_default_context()
        self._began_s = 0.0
        self._thread = threading.Thread(target=self._work, name="traffic")

    def __enter__(self) -> Traffic:
        self._began_s = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def now_s(self) -> float:
        """Seconds since the traffic began, on the clock of its samples."""
        return time.perf_counter() - self._began_s

    def flow(self, seconds: float) -> None:
        """Let the traffic go on for a while.

        Raises
        ------
        LoadTestFailed : if it has ended, by an error of its own.
        """
        self._thread.join(seconds)
        if not self._thread.is_alive():
            raise LoadTestFailed("The traffic broke off; its traceback is above.")

    def since(self, begin_s: float) -> list[Tagged]:
        """Return what was sent since a moment; waits until what is under way has ended.

        Raises
        ------
        LoadTestFailed : as `flow`.
        """
        now_s = self.now_s
        while any(sent_s <= now_s for sent_s in self._under_way.copy()):
            self.flow(_LOOK_INTERVAL_S)
        return [each for each in self._samples.copy() if each.sent_s >= begin_s]

    def _work(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        await asyncio.gather(
            *(
                self._client(supplier, key, number / len(self._clients))
                for number, (supplier, key) in enumerate(self._clients)
            )
        )

    async def _client(self, supplier: str, key: str, share_of_interval: float) -> None:
        due_s = share_of_interval * self._interval_s
        headers = {"X-Api-Key": key, "Content-Type": "image/jpeg"}
        async with httpx.AsyncClient(
            headers=headers, timeout=_TIMEOUT_S, verify=self._tls
        ) as client:
            for number in itertools.count():
                await asyncio.sleep(max(0.0, due_s - self.now_s))
                if self._stop.is_set():
                    break
                photo = self._photos[(number + len(supplier)) % len(self._photos)]
                sent_s = self.now_s
                self._under_way.add(sent_s)
                sample = await self._send(client, supplier, photo, due_s, sent_s)
                self._samples.append(sample)
                self._under_way.remove(sent_s)
                if not sample.outcome[0].isdigit():
                    await asyncio.sleep(_PAUSE_AFTER_LOSS_S)
                # Late photos are left out, rather than sent all at once.
                due_s = max(due_s + self._interval_s, self.now_s)

    async def _send(
        self,
        client: httpx.AsyncClient,
        supplier: str,
        photo: bytes,
        due_s: float,
        sent_s: float,
    ) -> Tagged:
        version = ""
        try:
            response = await client.post(self._url, content=photo)
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        else:
            answer = Answer(response.status_code, response.headers, response.content)
            outcome = answer.outcome
            if answer.ok:
                version = _version(answer.document)
                outcome = outcome if version else _NO_TAGS
        return Tagged(due_s, sent_s, self.now_s, outcome, supplier=supplier, version=version)


def _version(document: Any) -> str:
    model = document.get("model") if isinstance(document, dict) else None
    version = model.get("version") if isinstance(model, dict) else None
    return version if isinstance(version, str) else ""
