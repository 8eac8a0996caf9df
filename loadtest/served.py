"""Hangtag as it is measured: a context manager that begins when it is ready."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from server.archive import open_archive
from server.plan import machine_plan
from server.tagger_server import BackendName
from server.temporary import ServingAddress, serving
from server.torchserve import MODEL_NAME

# What is measured unless another one is named: `hangtag bench model` makes it.
ARCHIVE = Path("model_store/tagger-resnet152.mar")
_ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Served:
    """A server that is ready: `startup_s` after its process was started."""

    predictions_url: str
    pid: int
    startup_s: float
    settings: dict[str, Any]


StartServer = Callable[[], AbstractContextManager[Served]]


@contextmanager
def serve_hangtag(archive: Path, backend: BackendName = "torchserve") -> Iterator[Served]:
    """Serve an archive as `hangtag serve` does."""
    begin_s = time.perf_counter()
    with serving(archive, backend=backend) as address:
        startup_s = time.perf_counter() - begin_s
        settings = _settings(address, archive)
        yield Served(address.predictions_url, address.pid, startup_s, settings)


def _settings(address: ServingAddress, archive: Path) -> dict[str, Any]:
    if address.backend == "torchserve":
        return {"backend": address.backend, **_said_by_torchserve(address.management_url)}
    opened = open_archive(archive)
    return {
        "backend": address.backend,
        "workers": address.workers,
        "batch_size": machine_plan(java=False).batch_size,
        "bundle": opened.bundle_digest,
        "backbone": opened.backbone,
    }


def _said_by_torchserve(management_url: str) -> dict[str, Any]:
    """What the server says of itself: its batching, and what its handler says of the engine."""
    query = f"{management_url}/models/{MODEL_NAME}?customized=true"
    with urlopen(query, timeout=_ANSWER_TIMEOUT_S) as answer:  # noqa: S310 - our own server
        (model,) = json.load(answer)
    return {
        "workers": len(model["workers"]),
        "batch_size": model["batchSize"],
        "max_batch_delay_ms": model["maxBatchDelay"],
        **model.get("customizedMetadata", {}),
    }
