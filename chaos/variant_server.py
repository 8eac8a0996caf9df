"""A server that differs from the real one: other code, or fewer descriptors.

`python -m chaos.variant_server JSON` serves until its stdin ends, and says on stdout where.
"""

import dataclasses
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from hangtag.cli.console import run_command
from hangtag.errors import ServerUnavailable
from server.plan import ServingPlan
from server.tagger_server import BackendName
from server.temporary import ServingAddress, serving

PROJECT = Path(__file__).resolve().parents[1]
# What a server is made of, and this module.
_PARTS = ("hangtag", "handlers", "service", "server", "serve_config", "chaos", "loadtest")
_STOP_TIMEOUT_S = 30.0


class VariantOrders(BaseModel):
    """What is served, and with how many descriptors for each process; as many as usual if None."""

    archive: Path
    backend: BackendName
    plan: ServingPlan | None = None
    descriptors: int | None = None


def write_project(folder: Path, appended: Mapping[str, str]) -> None:
    """Write a copy of this project in which some modules have more code at their end."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in _PARTS:
        shutil.copytree(PROJECT / part, folder / part, ignore=ignored)
    for name, code in appended.items():
        with (folder / name).open("a", encoding="utf-8") as module:
            module.write(code)


@contextmanager
def serving_variant(orders: VariantOrders, project: Path = PROJECT) -> Iterator[ServingAddress]:
    """Serve from a project of one's own until the block ends; ready when it begins.

    Raises
    ------
    ServerUnavailable : if it does not become ready.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "chaos.variant_server", orders.model_dump_json()],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C is for the command, which ends it.
        start_new_session=True,
    )
    with process:
        said = process.stdout.readline() if process.stdout else b""
        if not said:
            raise ServerUnavailable("The variant of the server ended; what it said is above.")
        fields = json.loads(said)
        try:
            yield ServingAddress(**{**fields, "logs": Path(fields["logs"])})
        finally:
            process.communicate(timeout=_STOP_TIMEOUT_S)


def main(orders: VariantOrders) -> None:
    """Serve until stdin ends."""
    if orders.descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (orders.descriptors, orders.descriptors))
    with serving(orders.archive, plan=orders.plan, backend=orders.backend) as address:
        print(json.dumps(dataclasses.asdict(address), default=str), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    run_command(partial(main, VariantOrders.model_validate_json(sys.argv[1])))
