"""`hangtag k8s-check`: render the overlays, validate them, hold them against our policies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from deploy.check.finding import Finding, check
from deploy.check.policies import POLICIES
from deploy.check.render import render
from deploy.check.schemas import last_minors
from hangtag.cli.console import one_sentence_errors

OVERLAYS = Path(__file__).resolve().parents[1] / "kubernetes" / "overlays"


@one_sentence_errors
def main(
    overlays: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders to render; all of deploy/kubernetes/overlays if none is named."
        ),
    ] = None,
) -> None:
    """Check the manifests that kubectl renders.

    They must be valid for the last three Kubernetes minors, and within our policies.
    Ends with 1 if something is wrong.
    """
    console, minors = Console(highlight=False), last_minors()
    folders = overlays or sorted(path.parent for path in OVERLAYS.glob("*/kustomization.yaml"))
    steps = track(
        folders, "Checking …", console=console, transient=True, disable=not console.is_terminal
    )
    findings = {folder.resolve().name: check(render(folder), minors) for folder in steps}
    console.print(_table(findings, minors))
    faults = [f"{name}: {fault}" for name, found in findings.items() for fault in found.faults]
    for fault in faults:
        console.print(fault, markup=False, soft_wrap=True)
    manifests = sum(found.manifests for found in findings.values())
    verdict = f"faults: {len(faults)}" if faults else "all valid, and all policies hold"
    print(
        f"{manifests} manifests, overlays {', '.join(findings)}, Kubernetes {', '.join(minors)}, "
        f"{len(POLICIES)} policies: {verdict}."
    )
    if faults:
        raise typer.Exit(1)


def _table(findings: Mapping[str, Finding], minors: Sequence[str]) -> Table:
    table = Table(title="Kubernetes manifests")
    for column in ("overlay", "manifests", *minors, "policies"):
        table.add_column(column)
    for name, found in findings.items():
        verdicts = [_verdict(found.invalid[minor], "valid") for minor in minors]
        table.add_row(name, str(found.manifests), *verdicts, _verdict(found.refused, "hold"))
    return table


def _verdict(faults: Sequence[str], good: str) -> str:
    return f"[bold red]faults: {len(faults)}" if faults else good
