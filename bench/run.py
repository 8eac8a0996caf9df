"""One whole run: photos and models are made, every system is measured, a report comes out."""

import datetime
import time
from collections.abc import Mapping
from pathlib import Path

from rich.progress import Progress, TaskID

from bench.measures import compute_measures
from bench.photos import PhotoSet, PhotoSource, find_photos, make_photo_sets
from bench.plan import Plan
from bench.report import Photos, Report
from bench.rounds import Benchmark, Contenders
from bench.stock_model import load_classifier, write_stock_archive
from hangtag.bundle import Bundle
from hangtag.hardware import usable_cores
from loadtest.machine import current_commit, describe_machine

STOCK_LOGS = Path("logs/bench-stock")


class Steps:
    """What the progress bar shows."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("", total=None)

    def prepare(self, step: str) -> None:
        """Say what is done before anything is measured."""
        self._progress.update(self._task, description=step)

    def begin(self, count: int) -> None:
        """Say how many measurements will come."""
        self._progress.update(self._task, total=count, completed=0)

    def measure(self, step: str) -> None:
        """Say what is measured next."""
        self._progress.update(self._task, description=step, advance=1)


def measure(
    archive: Path, bundle: Bundle, photos: Path | None, plan: Plan, work: Path, steps: Steps
) -> Report:
    """Measure an archive beside the stock handler and the raw engine.

    Parameters
    ----------
    bundle : that the archive was made of, with its weights
    photos : folder; None: see `find_photos`
    work : empty folder for what is made on the way, some hundred MB
    """
    began_s = time.monotonic()
    steps.prepare("making photos of both sizes")
    source = find_photos(photos, work / "rendered")
    sets = make_photo_sets(source.files, work)
    steps.prepare("tracing the stock handler's model")
    names = [label.name for label in bundle.label_space.labels]
    stock_archive = write_stock_archive(load_classifier(bundle), names, work)
    contenders = Contenders(stock_archive, archive, bundle.folder, STOCK_LOGS)
    benchmark = Benchmark(contenders, sets, plan, usable_cores(), steps.measure)
    steps.begin(benchmark.steps)
    benchmark.measure_all()
    return Report(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        commit=current_commit(),
        model=f"{bundle.manifest.backbone} at {bundle.manifest.preprocessing.size_px} px",
        weights=bundle.manifest.dataset.source,
        minutes=round((time.monotonic() - began_s) / 60, 1),
        machine=describe_machine(),
        photos=_describe_photos(source, sets),
        systems=benchmark.systems,
        rows=tuple(benchmark.rows),
        measures=compute_measures(
            benchmark.rows,
            benchmark.systems,
            plan.main_clients,
            plan.large_clients,
            bundle.manifest.backbone,
        ),
    )


def _describe_photos(source: PhotoSource, sets: Mapping[str, PhotoSet]) -> Photos:
    return Photos(
        source=source.name,
        counts={name: len(each.files) for name, each in sets.items()},
        mean_bytes={name: each.mean_bytes for name, each in sets.items()},
    )
