"""`hangtag demo` and `hangtag demo-catalogue`: a tagger and photos to try all with."""

import time
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from rich.progress import Progress

from hangtag.cli.console import one_sentence_errors


@one_sentence_errors
def demo_catalogue(
    folder: Annotated[Path, typer.Option(help="Where the dataset folder goes.")] = Path(
        "data/demo"
    ),
    products: Annotated[int, typer.Option(min=10, help="How many products to render.")] = 600,
    seed: Annotated[int, typer.Option(help="Another seed, another catalogue.")] = 7,
) -> None:
    """Render the demo catalogue: product photos with their attributes."""
    _render(folder, products, seed)
    print(f"Rendered {products} products with their photos into {folder}.")


@one_sentence_errors
def demo(
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
    from training.fit.loggers import quieten

    quieten()
    made = train_demo_tagger(data, run, bundle)
    metrics = made.manifest.metrics
    print(
        f"Made the demo tagger in {time.monotonic() - started:.0f} s: micro-F1 "
        f"{metrics['micro_f1']:.3f} on {metrics['photos']} photos that it had not seen. "
        f"Its bundle is {bundle}; figures and plots are in {run}."
    )


def _render(folder: Path, products: int = 600, seed: int = 7) -> None:
    from training.demo import render_catalogue

    with Progress() as progress:
        task = progress.add_task("Rendering products", total=products)
        render_catalogue(
            folder,
            products=products,
            seed=seed,
            on_progress=lambda done: progress.update(task, completed=done),
        )
