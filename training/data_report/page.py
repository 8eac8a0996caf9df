"""The page of a dataset: one html file that needs nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data_report.counts import RARE_PHOTOS
from training.data_report.dataset import SIZE_PX
from training.data_report.sheets import Box
from training.evaluate.look import page_environment
from training.evaluate.mistakes import ShownPhoto


@dataclass(frozen=True)
class Pictures:
    """The page's plots as base64 PNGs, and its sheets, by group where each has its own."""

    label_counts: Mapping[str, str]
    photos_a_product: str
    sizes: str
    look_alikes: tuple[Box, ...]
    conflicts: Mapping[str, tuple[Box, ...]]
    errors: Mapping[str, tuple[ShownPhoto, ...]]
    sampled_group: str
    samples: tuple[Box, ...]


def render(name: str, figures: Mapping[str, Any], pictures: Pictures) -> str:
    """Return the html of a dataset of that name."""
    environment = page_environment(Path(__file__).parent)
    environment.filters["number"] = _number
    return environment.get_template("page.html.jinja").render(
        name=name,
        figures=figures,
        pictures=pictures,
        rare_photos=RARE_PHOTOS,
        model_side_px=SIZE_PX,
    )


def _number(value: int) -> str:
    return f"{value:,}"
