"""`hangtag input-speed`: whether reading photos keeps up with training."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from hangtag.cli.console import one_sentence_errors
from training.commands.given_settings import given_settings, possible_settings
from training.commands.options import Backbone, DataFolder, MoreSettings, SkipBad, Weights
from training.commands.train import new_run_folder


@one_sentence_errors
def input_speed(
    data: DataFolder,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure.")] = 20,
    backbone: Backbone = None,
    weights: Weights = None,
    more: MoreSettings = None,
    skip_bad: SkipBad = False,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the figures; default runs/TIME-input-speed.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File of the figures; default input_speed.json in there.")
    ] = None,
) -> None:
    """Measure whether reading photos keeps up with training."""
    named = {
        "network.backbone": backbone,
        "network.weights": weights,
        "data.skip_bad": skip_bad or None,
    }
    settings = possible_settings(data, given_settings(more, named))
    from training.data import read_dataset
    from training.data.training_data import prepare_data
    from training.fit.loggers import quieten
    from training.model.building import build_network
    from training.run.input_speed import measure_input_speed
    from training.run.sequence import require_possible

    quieten()
    folder = run or new_run_folder("input-speed")
    dataset = read_dataset(settings.data.folder)
    require_possible(settings, dataset.label_space)
    network = build_network(settings, settings.network.weights, dataset.label_space)
    photos = prepare_data(dataset, settings, folder)
    with Progress() as progress:
        task = progress.add_task("Training with photos read and in memory", total=1.0)
        speed = measure_input_speed(
            network, settings, photos, seconds, lambda share: progress.update(task, completed=share)
        )
    path = output or folder / "input_speed.json"
    speed.write(path)
    print(f"{speed.describe()} The figures are in {path}.")
