"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[Path, typer.Option(help="Dataset folder.")]
FinishedRun = Annotated[Path, typer.Option(help="Folder of a run that finished.")]
NewDataset = Annotated[Path, typer.Option(help="Where the new dataset folder goes.")]
Backbone = Annotated[
    str | None, typer.Option(help="Any classifier of torchvision or timm; default resnet152.")
]
Weights = Annotated[
    str | None,
    typer.Option(help="Start from: imagenet (default), packaged, none, or a file of weights."),
]
Size = Annotated[int | None, typer.Option(help="Side that the network sees, in px.")]
SkipBad = Annotated[bool, typer.Option(help="Go on without photos and rows that have problems.")]
MoreSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any other setting (docs/training.md), as NAME=VALUE; repeatable."),
]
