"""`python -m training`: render the demo catalogue, train a tagger, measure how photos are read."""

from __future__ import annotations

import datetime
import time
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from rich.progress import Progress

from hangtag.cli.console import one_sentence_errors, run_command
from hangtag.errors import DataInvalid, SettingsInvalid
from hangtag.label_space import read_label_space
from training.command_line import next_step, said_plainly
from training.given_settings import given_folder, given_settings
from training.settings import make_settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From a dataset folder to a bundle.",
)


@app.command()
@one_sentence_errors
def demo(
    folder: Annotated[Path, typer.Option(help="Where the dataset folder goes.")] = Path(
        "data/demo"
    ),
    products: Annotated[int, typer.Option(min=10, help="How many products to render.")] = 600,
    seed: Annotated[int, typer.Option(help="Another seed, another catalogue.")] = 7,
) -> None:
    """Render the demo catalogue: product photos with their attributes."""
    _render(folder, products, seed)
    print(f"Rendered {products} products with their photos into {folder}.")


@app.command()
@one_sentence_errors
def demo_tagger(
    data: Annotated[Path, typer.Option(help="Where the demo catalogue goes.")] = Path("data/demo"),
    run: Annotated[Path, typer.Option(help="Where figures and plots go.")] = Path("runs/demo"),
    bundle: Annotated[Path, typer.Option(help="Where the bundle goes.")] = Path("model_store/demo"),
) -> None:
    """Make the demo tagger anew: render the demo catalogue, train on it in quick mode."""
    started = time.monotonic()
    # torch takes seconds, on one core: they pass while others render.
    Thread(target=import_module, args=("training.demo.demo_tagger",), daemon=True).start()
    _render(data)
    # Not above: processes that render start this module, too.
    from training.demo.demo_tagger import train_demo_tagger

    _quieten()
    made = train_demo_tagger(data, run, bundle)
    metrics = made.manifest.metrics
    print(
        f"Made the demo tagger in {time.monotonic() - started:.0f} s: micro-F1 "
        f"{metrics['micro_f1']:.3f} on {metrics['photos']} photos that it had not seen. "
        f"Its bundle is {bundle}; figures and plots are in {run}."
    )


def _render(folder: Path, products: int = 600, seed: int = 7) -> None:
    from training.demo import render_catalogue

    _require_demo(folder)
    with Progress() as progress:
        task = progress.add_task("Rendering products", total=products)
        render_catalogue(
            folder,
            products=products,
            seed=seed,
            on_progress=lambda done: progress.update(task, completed=done),
        )


@app.command()
@one_sentence_errors
def train(
    data: Annotated[Path | None, typer.Option(help="Dataset folder.")] = None,
    backbone: Annotated[
        str | None, typer.Option(help="Any classifier of torchvision or timm; default resnet152.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Start from: imagenet (default), packaged, none, or a file of weights."),
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Keep the backbone as it is and fit the head: about a minute.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs in which all learns.")] = None,
    head_epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs of the head alone, on embeddings, before.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side that the network sees, in px.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Photos in a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Top rate of the head.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32, bf16 or fp16 (mixed).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split, the weights, the order.")] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other setting (docs/training.md), as NAME=VALUE; repeatable."
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option(help="Go on without photos and rows that have problems.")
    ] = False,
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
                "RESUME goes on with the run's own data and settings; leave the others out."
            )
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
        settings = make_settings(given_folder(data), given_settings(more, named))
    else:
        raise SettingsInvalid("Say what to train on: make train DATA=folder (or RESUME=run).")
    # Imported late: torch takes seconds, and --help and refusals should not.
    from training.evaluate.table import describe_success
    from training.export.precisions import describe_precisions
    from training.run.leftovers import describe_leftovers
    from training.run.sequence import resume_run, start_run

    _quieten()
    if resume is not None:
        bundle = resume_run(resume)
    elif settings is not None:
        bundle = start_run(settings, run or _new_run_folder(settings.network.backbone))
    print(
        f"Trained {bundle.manifest.backbone}: {describe_success(bundle.manifest.metrics)}. "
        f"Figures and plots are in {bundle.folder.parent}, the bundle in {bundle.folder}."
    )
    if bundle.manifest.precisions is not None:
        for line in describe_precisions(bundle.manifest.precisions):
            print(f"  {line}")
    for line in describe_leftovers(bundle.folder.parent):
        print(f"  {line}")
    print(f"Next: {next_step('archive', BUNDLE=bundle.folder)}")


@app.command()
@one_sentence_errors
def input_speed(
    data: Annotated[Path, typer.Option(help="Dataset folder.")],
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure.")] = 20,
    backbone: Annotated[
        str | None, typer.Option(help="Any classifier of torchvision or timm; default resnet152.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Start from: imagenet (default), packaged, none, or a file of weights."),
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other setting (docs/training.md), as NAME=VALUE; repeatable."
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option(help="Go on without photos and rows that have problems.")
    ] = False,
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
    settings = make_settings(given_folder(data), given_settings(more, named))
    from training.data import read_catalogue
    from training.data.training_data import prepare_data
    from training.model.building import build_network
    from training.run.input_speed import measure_input_speed
    from training.run.sequence import require_possible

    _quieten()
    folder = run or _new_run_folder("input-speed")
    catalogue = read_catalogue(settings.data.folder)
    require_possible(settings, catalogue.label_space)
    network = build_network(settings, settings.network.weights, catalogue.label_space)
    photos = prepare_data(catalogue, settings, folder)
    with Progress() as progress:
        task = progress.add_task("Training with photos read and in memory", total=1.0)
        speed = measure_input_speed(
            network, settings, photos, seconds, lambda share: progress.update(task, completed=share)
        )
    path = output or folder / "input_speed.json"
    speed.write(path)
    print(f"{speed.describe()} The figures are in {path}.")


def _require_demo(folder: Path) -> None:
    # What is rendered replaces what is there: never a retailer's own data.
    labels = folder / "labels.json"
    if labels.exists() and not read_label_space(labels).version.startswith("demo-"):
        raise DataInvalid(f"{folder} holds a dataset that is not the demo's; name another folder.")


def _new_run_folder(name: str) -> Path:
    return Path("runs") / f"{datetime.datetime.now():%Y%m%d-%H%M%S}-{name}"


def _quieten() -> None:
    from training.fit.loggers import quieten

    quieten()


if __name__ == "__main__":
    run_command(said_plainly(app))
