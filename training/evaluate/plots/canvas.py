"""The paper that all pictures of the page are drawn on."""

import base64
import io
from pathlib import Path
from typing import Literal

import matplotlib as mpl

# Figures without pyplot are drawn by Agg, need no screen, and are freed like any other object.
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# A label may be called `$$`, which is no formula.
mpl.rcParams["text.parse_math"] = False
_DPI, _FILE_DPI = 110, 130


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def unit_square(axes: Axes, x: str, y: str, title: str = "") -> None:
    """Make both axes go from 0 to 1."""
    axes.set(xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02), title=title)
    axes.grid(alpha=0.3)


def name_curves(
    axes: Axes, place: Literal["lower left", "lower right", "upper right"] = "lower left"
) -> None:
    """Draw a legend, if there is anything to name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, fontsize=8)


def to_png(figure: Figure) -> str:
    """Return the figure as a PNG, in base64."""
    file = io.BytesIO()
    # No software and version in the file: the same figures give the same page.
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return base64.b64encode(file.getvalue()).decode("ascii")


def save(figure: Figure, path: Path) -> None:
    """Write the figure to a file of its own."""
    figure.savefig(path, dpi=_FILE_DPI)
