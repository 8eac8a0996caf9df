"""The picture of a sweep."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from training.evaluate.plots.canvas import new_figure
from training.search.rate_finder.curve import RateCurve

_DPI = 130


def plot_curve(curve: RateCurve, path: Path) -> None:
    """Loss by learning rate, with the rates that are suggested if the loss falls at any."""
    figure = new_figure(8, 5)
    axes = figure.subplots()
    axes.plot(curve.rates, curve.losses, color="lightgrey", label="each step")
    axes.plot(curve.rates, curve.smoothed, color="tab:blue", label="smoothed")
    if curve.falls:
        _mark_suggestions(axes, curve)
    axes.set(xscale="log", xlabel="learning rate of the head", ylabel="loss")
    # The usual powers of ten would be formulas, which the canvas does not set.
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower left")
    figure.savefig(path, dpi=_DPI)


def _mark_suggestions(axes: Axes, curve: RateCurve) -> None:
    for rate, title, colour in (
        (curve.steepest, "falls fastest", "tab:green"),
        (curve.lowest / 10, "lowest / 10", "tab:orange"),
    ):
        axes.axvline(rate, color=colour, linestyle="--", linewidth=1, label=f"{title}: {rate:.2g}")
    low, high = curve.smoothed.min(), curve.smoothed[0]
    # Where the loss explodes, how high it gets says nothing.
    axes.set_ylim(low - 0.2 * (high - low), high + 0.5 * (high - low))
