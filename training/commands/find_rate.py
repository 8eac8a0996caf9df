"""`hangtag find-rate`: suggest a learning rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from hangtag.cli.console import one_sentence_errors
from hangtag.files.whole_file import write_whole
from training.commands.given_settings import given_settings, possible_settings
from training.commands.options import Backbone, DataFolder, MoreSettings, Size, SkipBad, Weights
from training.commands.train_command import train_command

if TYPE_CHECKING:
    from training.search.rate_finder.curve import RateCurve


@one_sentence_errors
def find_rate(
    data: DataFolder,
    out: Annotated[
        Path | None, typer.Option(help="Where plot and figures go; default runs/rates-NAME.")
    ] = None,
    backbone: Backbone = None,
    weights: Weights = None,
    size: Size = None,
    more: MoreSettings = None,
    steps: Annotated[int, typer.Option(min=20, help="Steps between 1e-6 and 1.")] = 100,
    skip_bad: SkipBad = False,
) -> None:
    """Train a few steps at rates from 1e-6 to 1, and suggest one; the network is thrown away."""
    named = {
        "network.backbone": backbone,
        "network.weights": weights,
        "data.size_px": size,
        "data.skip_bad": skip_bad or None,
    }
    given = given_settings(more, named)
    settings = possible_settings(data, given)
    data = settings.data.folder
    from training.data import read_dataset
    from training.data.training_data import prepare_data
    from training.fit.linear_probe import fit_head_first
    from training.fit.loggers import quieten
    from training.model.building import build_network
    from training.run.sequence import require_possible
    from training.search.rate_finder.plot import plot_curve
    from training.search.rate_finder.sweep import sweep_rates

    quieten()
    folder = out or Path("runs", f"rates-{data.resolve().name}")
    dataset = read_dataset(data)
    require_possible(settings, dataset.label_space)
    network = build_network(settings, settings.network.weights, dataset.label_space)
    prepared = prepare_data(dataset, settings, folder)
    if settings.schedule.head_epochs:
        # As training does: the rate is that of a head that knows something.
        fit_head_first(network, settings, prepared)
    with Progress() as progress:
        task = progress.add_task("Raising the rate", total=steps)
        curve = sweep_rates(
            network, settings, prepared, steps, lambda done: progress.update(task, completed=done)
        )
        progress.update(task, completed=steps)
    plot, figures = folder / "rates.png", folder / "rates.json"
    _write_figures(curve, figures)
    plot_curve(curve, plot)
    suggested = float(f"{curve.steepest:.2g}")
    print(
        f"The loss falls fastest at {suggested:g} and is lowest at {curve.lowest:.2g}, of which a "
        f"tenth is the other usual choice; plot: {plot}, figures: {figures}."
    )
    command = train_command(data, {**given, "hardware.devices": 1, "optimizer.lr": suggested})
    print(f"suggested learning rate {suggested:g}\nNext: {command}")


def _write_figures(curve: RateCurve, path: Path) -> None:
    document = {
        "steepest": curve.steepest if curve.falls else None,
        "lowest": curve.lowest,
        "lowest_tenth": curve.lowest / 10,
        "rates": curve.rates.tolist(),
        "losses": curve.losses.tolist(),
        "smoothed": curve.smoothed.tolist(),
    }
    write_whole(path, json.dumps(document, indent=1) + "\n")
