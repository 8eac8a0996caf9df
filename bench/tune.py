"""`hangtag tune`: measures which workers, threads and batches serve an archive best here.

Serving takes them from serve_config/plan.json from then on.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.load import measure_load
from hangtag.cli.console import one_sentence_errors
from hangtag.errors import ArchiveInvalid, ServerUnavailable
from hangtag.hardware import usable_cores
from loadtest.errors import LoadTestFailed
from server.archive import extract_sample_photo, open_archive
from server.plan import PLAN, ServingPlan, count_gpus, default_plan, describe_machine, write_plan
from server.tagger_server import BackendName
from server.temporary import serving

CLIENTS = 32
# Throughputs closer than this are the same; then the plan that answers a lone photo sooner wins.
SAME_THROUGHPUT = 0.97
_BATCH_SIZES = (4, 16)


@dataclass(frozen=True)
class Trial:
    """A plan and how it served."""

    plan: ServingPlan
    photos_per_s: float
    lone_p50_ms: float


@one_sentence_errors
def tune(
    archive: Annotated[Path, typer.Option(help="The .mar file to tune for.")] = Path(
        "model_store/tagger.mar"
    ),
    seconds: Annotated[float, typer.Option(help="Seconds of load for each measurement.")] = 8.0,
    output: Annotated[Path, typer.Option(help="The plan to write.")] = PLAN,
    backend: Annotated[
        BackendName, typer.Option(help="What runs the tagger while it is measured.")
    ] = "torchserve",
) -> None:
    """Measure plans of workers, threads and batches; write the best one for this machine."""
    open_archive(archive)
    default = default_plan(usable_cores(), count_gpus())
    trials = measure_plans(archive, default, seconds, backend)
    best = choose(trials)
    write_plan(best.plan, output)
    Console().print(_table(trials, best))
    print(
        f"Wrote {output}: {best.plan.workers} workers of {best.plan.threads} threads, batches of "
        f"{best.plan.batch_size}; {best.photos_per_s:.0f} photos/s of {archive.name} on "
        f"{describe_machine()}."
    )


def measure_plans(
    archive: Path, default: ServingPlan, seconds: float, backend: BackendName = "torchserve"
) -> list[Trial]:
    """Measure plans of workers and threads, then other batch sizes for the best of them."""
    measured = partial(_measured, archive, backend, seconds)
    plans = candidate_plans(usable_cores(), default)
    with Progress(transient=True) as progress:
        task = progress.add_task("Measuring plans", total=len(plans) + len(_BATCH_SIZES))
        trials = []
        for plan in plans:
            trials += measured(plan)
            progress.advance(task)
        best = choose(trials).plan
        for batch_size in _BATCH_SIZES:
            plan = best.model_copy(update={"batch_size": batch_size})
            trials += measured(plan)
            progress.advance(task)
    return trials


def _measured(
    archive: Path, backend: BackendName, seconds: float, plan: ServingPlan
) -> list[Trial]:
    """Return the trial of a plan; none if this machine cannot carry it."""
    try:
        return [_measure(archive, backend, seconds, plan)]
    except (LoadTestFailed, ServerUnavailable) as error:
        Console(stderr=True).print(f"Left out: {plan}: {error}")
        return []


def candidate_plans(cores: int, default: ServingPlan) -> list[ServingPlan]:
    """Return the plans worth measuring, the default first.

    Few workers of many threads to one worker a core, each with its share of the cores and with
    twice that.
    """
    workers = {1, *(2**power for power in range(1, cores.bit_length()) if 2**power <= cores)}
    plans = [default]
    for count in sorted(workers):
        share = max(1, cores // count)
        for threads in sorted({share, min(cores, 2 * share)}):
            plan = default.model_copy(update={"workers": count, "threads": threads})
            plans += [] if plan in plans else [plan]
    return plans


def choose(trials: list[Trial]) -> Trial:
    """Return the trial with the most throughput; among equals the one with the least latency.

    Raises
    ------
    LoadTestFailed : if there is none.
    """
    if not trials:
        raise LoadTestFailed("No plan could be measured; try `hangtag serve` to see why.")
    enough = SAME_THROUGHPUT * max(trial.photos_per_s for trial in trials)
    return min(
        (trial for trial in trials if trial.photos_per_s >= enough),
        key=lambda trial: trial.lone_p50_ms,
    )


def _measure(archive: Path, backend: BackendName, seconds: float, plan: ServingPlan) -> Trial:
    with serving(archive, plan=plan, backend=backend) as address:
        photo = extract_sample_photo(archive, address.logs)
        if photo is None:
            raise ArchiveInvalid(f"{archive} holds no golden photo to measure with.")
        photos = [photo.read_bytes()]
        lone = measure_load(address.predictions_url, address.pid, photos, 1, seconds / 2)
        full = measure_load(address.predictions_url, address.pid, photos, CLIENTS, seconds)
    return Trial(plan, full.photos_per_s, lone.p50_ms)


def _table(trials: list[Trial], best: Trial) -> Table:
    table = Table("workers", "threads", "batch", f"photos/s, {CLIENTS} clients", "p50 ms, one")
    for trial in trials:
        table.add_row(
            str(trial.plan.workers),
            str(trial.plan.threads),
            str(trial.plan.batch_size),
            f"{trial.photos_per_s:.1f}",
            f"{trial.lone_p50_ms:.1f}",
            style="bold" if trial is best else None,
        )
    return table
