"""What the API says of itself in /openapi.json holds of whatever schemathesis makes of it."""

import asyncio
import json
import subprocess
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from hangtag.errors import ServerUnavailable
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.wire import ask_once, assemble

_PATH = "/openapi.json"
_TIMEOUT_S = 10.0
# Not 5xx as such: the document allows those that a caller's own deadline brings about. That none is
# a fault of the server's, its metrics say.
_CHECKS = (
    *("status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "unsupported_method", "allow_header_conformance"),
)
_OUR_FAULT = ("internal", "worker_lost", "deadline_exceeded")


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Let schemathesis try what the document allows, and what it does not."""
    request = assemble(method="GET", target=_PATH)
    answer = asyncio.run(ask_once(server.address, request, _TIMEOUT_S))
    if answer.status != HTTPStatus.OK:
        raise ServerUnavailable(f"GET {_PATH} is answered with {answer.outcome}.")
    before = server.answers_by_outcome()
    report = _report(f"{server.serving.inference_url}{_PATH}", settings)
    after = server.answers_by_outcome()
    operations, cases = report["operations"], report["test_cases"]
    refused = [name for name, phases in report["valid_rates"].items() if not _accepted(phases)]
    faults = sum(after.get(each, 0) - before.get(each, 0) for each in _OUR_FAULT)
    return Row(
        "description of the API",
        f"{cases['generated']:,} requests made of {_PATH}, {operations['total']} operations",
        (
            Check("operations tried", operations["tested"], operations["total"], at_least=True),
            Check("answers that break the document", cases["with_failures"], 0),
            Check("requests that could not be sent", cases["errored"], 0),
            Check("operations of which nothing is accepted", len(refused), 0),
            Check("faults of the server", faults, 0),
        ),
        (
            *(f"nothing is accepted: {name}" for name in refused),
            *(json.dumps(failure)[:300] for failure in report["failures"][:5]),
        ),
    )


def _report(url: str, settings: ChaosSettings) -> dict[str, Any]:
    """Return what schemathesis says of a run.

    Raises
    ------
    ServerUnavailable : if it says nothing.
    """
    phases = "examples,fuzzing" if settings.short else "examples,coverage,fuzzing"
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        path = Path(folder, "report.json")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", url, "--no-color"),
                *("--checks", ",".join(_CHECKS), "--phases", phases),
                *("--max-examples", str(settings.examples), "--seed", str(settings.seed)),
                *("--generation-database", "none", "--report-json-path", str(path)),
            ],
            # It keeps files of its own where it is started.
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if not path.exists():
            raise ServerUnavailable(f"schemathesis says nothing: {done.stdout[-300:]}")
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return report


def _accepted(phases: dict[str, dict[str, int]]) -> int:
    return sum(phase["accepted"] for phase in phases.values())
