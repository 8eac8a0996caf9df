"""The picture of a report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.photos import LARGE, SMALL
from bench.report import TITLES, Figures, Report, SystemName

mpl.use("Agg")
from matplotlib import pyplot as plt

_DPI = 130
_COLOURS: dict[SystemName, str] = {
    "stock": "grey",
    "stock_tuned": "silver",
    "hangtag": "tab:blue",
    "hangtag_local": "tab:green",
    "raw": "tab:orange",
}
_SERVERS: tuple[SystemName, ...] = ("stock", "hangtag", "hangtag_local")
_BAR_WIDTH = 0.27


def plot_report(report: Report, path: Path) -> None:
    """Throughput and latency by the number of clients, and throughput with large photos."""
    figure, axes = plt.subplots(
        1, 3, figsize=(14, 4.5), layout="constrained", width_ratios=(4, 4, 3)
    )
    throughput, latency, large = axes
    _plot_throughput(report, throughput)
    _plot_latency(report, latency)
    _plot_large(report, large)
    figure.suptitle(f"{report.model}; {report.machine.cpu}, {report.machine.cores} cores")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)


def _plot_throughput(report: Report, axes: Any) -> None:
    clients = report.client_counts(SMALL)
    for offset, system in zip((-_BAR_WIDTH, 0.0, _BAR_WIDTH), _SERVERS, strict=True):
        bars = axes.bar(
            [position + offset for position in range(len(clients))],
            _medians(report, system, lambda each: each.photos_per_s),
            width=_BAR_WIDTH,
            color=_COLOURS[system],
            label=TITLES[system],
        )
        axes.bar_label(bars, fmt="%.3g", fontsize=8)
    tuned = report.median_of(lambda each: each.photos_per_s, "stock_tuned", SMALL, clients[-1])
    limit = report.median_of(lambda each: each.photos_per_s, "raw", SMALL, None)
    for system, value in (("stock_tuned", tuned), ("raw", limit)):
        if value is not None:
            axes.axhline(value, color=_COLOURS[system], linestyle="--", label=TITLES[system])
    axes.set_xticks(range(len(clients)), clients)
    axes.set(xlabel="clients", ylabel="photos/s", title=f"Throughput, {SMALL}")
    # Room for the legend above the bars.
    axes.margins(y=0.45)
    axes.legend(fontsize=8, loc="upper left")


def _plot_latency(report: Report, axes: Any) -> None:
    clients = report.client_counts(SMALL)
    for system in _SERVERS:
        p50_ms = _medians(report, system, lambda each: each.p50_ms)
        p99_ms = _medians(report, system, lambda each: each.p99_ms)
        colour = _COLOURS[system]
        axes.plot(clients, p50_ms, "o-", color=colour, label=f"{TITLES[system]}, p50")
        axes.plot(clients, p99_ms, "o:", color=colour, label=f"{TITLES[system]}, p99")
    single_ms = report.median_of(lambda each: each.p50_ms, "raw", SMALL, 1)
    if single_ms is not None:
        label = "raw engine, one photo"
        axes.axhline(single_ms, color=_COLOURS["raw"], linestyle="--", label=label)
    axes.set_yscale("log")
    axes.set_xticks(clients)
    axes.set(xlabel="clients", ylabel="ms", title=f"Latency, {SMALL}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)


def _plot_large(report: Report, axes: Any) -> None:
    clients = max(report.client_counts(LARGE))
    loads: tuple[tuple[SystemName, int | None], ...] = (
        ("stock", clients),
        ("hangtag", clients),
        ("hangtag_local", clients),
        ("raw", None),
    )
    values = [
        report.median_of(lambda each: each.photos_per_s, system, LARGE, count) or 0.0
        for system, count in loads
    ]
    names = [TITLES[system].replace(" ", "\n", 1) for system, _ in loads]
    bars = axes.bar(names, values, color=[_COLOURS[system] for system, _ in loads])
    axes.bar_label(bars, fmt="%.3g", fontsize=8)
    axes.set(ylabel="photos/s", title=f"Throughput, {LARGE}, {clients} clients")


def _medians(
    report: Report, system: SystemName, figure: Callable[[Figures], float | None]
) -> list[float]:
    """One for each number of clients; nan where it was not measured."""
    medians = (
        report.median_of(figure, system, SMALL, clients) for clients in report.client_counts(SMALL)
    )
    return [float("nan") if value is None else value for value in medians]
