"""`hangtag search`: find the settings with which a tagger learns best."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from hangtag.cli.console import one_sentence_errors
from hangtag.files.full_disk import writing_into
from training.commands.given_settings import given_settings, possible_settings
from training.commands.options import Backbone, DataFolder, MoreSettings, Size, SkipBad, Weights
from training.commands.train_command import train_command

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@one_sentence_errors
def search(
    data: DataFolder,
    trials: Annotated[int, typer.Option(min=1, help="Trials of the study in all.")] = 20,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Begin no trial after as many.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(help="The study's folder, gone on with if there; default runs/search-NAME."),
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Keep the backbone as it is and fit heads: seconds each.")
    ] = False,
    backbone: Backbone = None,
    weights: Weights = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of each trial.")] = None,
    size: Size = None,
    more: MoreSettings = None,
    skip_bad: SkipBad = False,
) -> None:
    """Try settings on a dataset folder, and say which learn best.

    What is given is not searched. The same command goes on with a study; one command at a time.
    """
    named = {
        "network.backbone": backbone,
        "network.weights": weights,
        "schedule.epochs": epochs,
        "data.size_px": size,
        "data.skip_bad": skip_bad or None,
    }
    # With more devices, a step would have more photos than the batch size that is searched.
    given = {**({} if quick else {"hardware.devices": 1}), **given_settings(more, named)}
    settings = possible_settings(data, {**given, "quick": quick or None})
    data = settings.data.folder
    from training.data import read_dataset
    from training.data.training_data import read_data, write_data
    from training.fit.loggers import quieten
    from training.run.sequence import require_possible
    from training.search.objectives import objective_for, require_searchable
    from training.search.outcome import write_outcome
    from training.search.plots import plot_study
    from training.search.space import search_space
    from training.search.study import (
        best_trial,
        describe_trial,
        finished,
        open_study,
        run_trials,
    )

    quieten()
    require_searchable(settings)
    space = search_space(settings, given)
    folder = study or Path("runs", f"search-{data.resolve().name}{'-quick' if quick else ''}")
    dataset = read_dataset(data)
    require_possible(settings, dataset.label_space)
    prepared = read_data(dataset, settings, folder)
    opened = open_study(folder, settings, space, prepared.identity.sha256)
    write_data(prepared, folder)
    command = partial(train_command, data, quick=quick)
    console = Console()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    task = progress.add_task("Trials", total=trials, completed=len(finished(opened)))

    def on_trial(trial: FrozenTrial) -> None:
        progress.update(task, completed=len(finished(opened)))
        best = best_trial(opened)
        console.print(describe_trial(trial, best))
        if best is not None:
            write_outcome(opened, given, folder, command)
        # Printed, not live: the screen belongs to the bar of the trial's own epochs.
        console.print(progress)

    if len(finished(opened)) < trials:
        with writing_into(folder):
            objective = objective_for(settings, prepared)
            run_trials(
                opened,
                space,
                settings,
                objective,
                trials=trials,
                minutes=minutes,
                on_trial=on_trial,
            )
    outcome = write_outcome(opened, given, folder, command)
    with console.status("Drawing …"):
        plot_study(opened, folder)
    done = len(finished(opened))
    wanted = "" if done >= trials else f" (of {trials}; the same command goes on)"
    print(
        f"Best of {done} trials{wanted}: micro-F1 {outcome.validation_micro_f1:.4f} on "
        f"the validation photos, by which it was chosen. best.json and plots are in {folder}."
    )
    print(f"Next: {outcome.command}")
