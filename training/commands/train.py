"""`hangtag train`: from a dataset folder to a bundle."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import expand_home, one_sentence_errors
from hangtag.cli.wording import command, in_operators_words, option
from hangtag.errors import SettingsInvalid
from hangtag.hardware import LARGE_BACKBONE, describe_plain_processor, read_cpu
from training.commands.given_settings import given_settings, possible_settings
from training.commands.options import Backbone, MoreSettings, Size, SkipBad, Weights
from training.run.record import find_record, require_unfinished


@one_sentence_errors
def train(
    data: Annotated[Path | None, typer.Option(help="Dataset folder.")] = None,
    backbone: Backbone = None,
    weights: Weights = None,
    quick: Annotated[
        bool, typer.Option(help="Keep the backbone as it is and fit the head: about a minute.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs in which all learns.")] = None,
    head_epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs of the head alone, on embeddings, before.")
    ] = None,
    size: Size = None,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Photos in a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Top rate of the head.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32, bf16 or fp16 (mixed).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split, the weights, the order.")] = None,
    more: MoreSettings = None,
    skip_bad: SkipBad = False,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run folder or checkpoint instead.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Run folder; default runs/TIME-BACKBONE.")
    ] = None,
) -> None:
    """Fine-tune a tagger on a dataset folder and write its bundle."""
    settings = None
    if resume is not None:
        given = (data, backbone, weights, epochs, head_epochs, size, batch_size, learning_rate,
                 precision, seed, more, run)  # fmt: skip
        if quick or skip_bad or any(value is not None for value in given):
            raise SettingsInvalid(
                f"{option('resume')} goes on with the run's own data and settings; leave the "
                "others out."
            )
        resume = expand_home(resume)
        find_record(resume)
    elif data is not None:
        named = {
            "network.weights": weights,
            "quick": quick or None,
            "network.backbone": backbone,
            "schedule.epochs": epochs,
            "schedule.head_epochs": head_epochs,
            "data.size_px": size,
            "data.batch_size": batch_size,
            "optimizer.lr": learning_rate,
            "hardware.precision": precision,
            "seed": seed,
            "data.skip_bad": skip_bad or None,
        }
        settings = possible_settings(data, given_settings(more, named))
        if run is not None:
            run = expand_home(run)
            require_unfinished(run)
    else:
        raise SettingsInvalid(
            f"Say what to train on: {command('train', data='FOLDER')} "
            f"(or {option('resume', 'RUN')})."
        )
    from training.evaluate.table import describe_success
    from training.export.precisions import describe_precisions
    from training.fit.loggers import quieten
    from training.run.leftovers import describe_leftovers
    from training.run.sequence import resume_run, start_run

    quieten()
    if resume is not None:
        bundle = resume_run(resume)
    elif settings is not None:
        folder = run or new_run_folder(settings.network.backbone)
        if not settings.quick:
            go_on = command("train", resume=folder)
            print(f"Training into {folder}; if it is interrupted, it goes on with: {go_on}")
        means = describe_plain_processor(read_cpu(), LARGE_BACKBONE)
        if means and settings.network.backbone == LARGE_BACKBONE:
            print(in_operators_words(f"{means[0].upper()}{means[1:]}."))
        bundle = start_run(settings, folder)
    print(
        f"Trained {bundle.manifest.backbone}: {describe_success(bundle.manifest.metrics)}. "
        f"Figures and plots are in {bundle.folder.parent}, the bundle in {bundle.folder}."
    )
    if bundle.manifest.precisions is not None:
        for line in describe_precisions(bundle.manifest.precisions):
            print(f"  {line}")
    for line in describe_leftovers(bundle.folder.parent):
        print(f"  {line}")
    print(f"Next: {command('archive', bundle=bundle.folder)}")


def new_run_folder(name: str) -> Path:
    """Return a folder for a run that begins now."""
    return Path("runs") / f"{datetime.datetime.now():%Y%m%d-%H%M%S}-{name}"
