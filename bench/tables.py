"""The figures of a report side by side, on the screen and in the README."""

from collections.abc import Callable, Sequence
from statistics import median

from rich.table import Table

from bench.photos import LARGE, SMALL
from bench.report import TITLES, Figures, Measure, Report, System, SystemName

SYSTEMS: tuple[SystemName, ...] = ("stock", "stock_tuned", "hangtag", "hangtag_local", "raw")
FIGURE_COLUMNS = ("", *(TITLES[name] for name in SYSTEMS))
MEASURE_COLUMNS = ("measure", "wanted", "measured (range of rounds)", "verdict")
BLOCK_BEGIN, BLOCK_END = "<!-- bench-serving -->", "<!-- /bench-serving -->"
_MISSING = "–"
# Of what a server says of itself: the rest is in the json.
_NAMED_SETTINGS = (
    *("processes", "workers", "threads", "threads_per_worker", "batch", "batch_size"),
    *("max_batch_delay_ms", "model", "runtime", "provider", "precision"),
)

Figure = Callable[[Figures], float | None]


def rich_tables(report: Report) -> list[Table]:
    """Return the tables for the screen."""
    figures = Table(*FIGURE_COLUMNS, title=report.model, caption=describe_machine(report))
    for row in figure_rows(report):
        figures.add_row(*row)
    measures = Table(*MEASURE_COLUMNS)
    for *row, verdict in measure_rows(report.measures):
        measures.add_row(*row, f"[bold red]{verdict}" if verdict == "missed" else verdict)
    return [figures, measures]


def markdown(report: Report) -> str:
    """Return the tables and what they were measured on, as Markdown."""
    return "\n\n".join(
        [
            _markdown_table(FIGURE_COLUMNS, figure_rows(report)),
            _markdown_table(MEASURE_COLUMNS, measure_rows(report.measures)),
            f"Measured on {describe_machine(report)}.",
            "\n".join(f"- {line}" for line in describe_systems(report)),
        ]
    )


def replace_block(page: str, block: str) -> str:
    """Return a page with the block between the two marks replaced; unchanged without them."""
    before, begin, rest = page.partition(BLOCK_BEGIN)
    _, end, after = rest.partition(BLOCK_END)
    return f"{before}{begin}\n{block}\n{end}{after}" if begin and end else page


def figure_rows(report: Report) -> list[list[str]]:
    """Return a line for each figure: what it is, then its value for each system."""
    main = max(report.client_counts(SMALL))
    return [
        *_load_rows(report, SMALL),
        *_load_rows(report, LARGE),
        _row(report, "server's CPU ms a photo", lambda each: 1e3 * each.cpu_s_per_photo, main),
        _row(report, "of it the server's first process", _own_cpu_ms, main),
        _row(report, "client's CPU ms a photo", _client_cpu_ms, main),
        _row(report, "joules a photo", lambda each: each.joules_per_photo, main),
        ["memory, MB (PSS)", *(_memory(report.system(name)) for name in SYSTEMS)],
        ["start to ready, s", *(_startup(report.system(name)) for name in SYSTEMS)],
    ]


def measure_rows(measures: Sequence[Measure]) -> list[list[str]]:
    """Return a line for each measure: name, wanted, measured with its range, verdict."""
    return [
        [
            measure.name,
            _wanted(measure),
            f"{measure.measured:.2f} ({min(measure.rounds):.2f}–{max(measure.rounds):.2f})",
            _verdict(measure),
        ]
        for measure in measures
    ]


def _wanted(measure: Measure) -> str:
    if measure.wanted is None:
        return _MISSING
    return f"{'≥' if measure.at_least else '≤'} {measure.wanted:g}"


def _verdict(measure: Measure) -> str:
    if measure.wanted is None:
        return _MISSING
    return "held" if measure.passed else "missed"


def describe_machine(report: Report) -> str:
    """Return one line: processor, memory, system, versions, photos, date."""
    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.cpu}, {machine.cores} cores ({', '.join(machine.flags)}), "
        f"{machine.memory_bytes / 2**30:.0f} GB, {machine.system}; {versions}; "
        f"photos: {report.photos.source}; {report.created[:10]}"
    )


def describe_systems(report: Report) -> list[str]:
    """Return what they ran, and a line for each: how it was set up."""
    ran = f"All of them: {report.model}; trained on: {report.weights}"
    return [ran, *map(describe_settings, report.systems)]


def describe_settings(system: System) -> str:
    """Return one line: how a system was set up."""
    settings = [
        f"{name} {system.settings[name]}" for name in _NAMED_SETTINGS if name in system.settings
    ]
    return f"{TITLES[system.name]}: {', '.join(settings)}".replace("_", " ")


def _load_rows(report: Report, photos: str) -> list[list[str]]:
    rows = []
    for clients in report.client_counts(photos):
        label = f"{clients} client{'' if clients == 1 else 's'}, {photos}"
        rows.append(_row(report, f"photos/s, {label}", _throughput, clients, photos))
        times = [_times(report, name, photos, clients) for name in SYSTEMS]
        rows.append([f"p50 / p99 ms, {label}", *times])
    return rows


def _row(
    report: Report, label: str, figure: Figure, clients: int, photos: str = SMALL
) -> list[str]:
    values = [_value(report, figure, name, photos, clients) for name in SYSTEMS]
    return [label, *(_MISSING if value is None else f"{value:.3g}" for value in values)]


def _value(
    report: Report, figure: Figure, system: SystemName, photos: str, clients: int
) -> float | None:
    if system == "raw" and clients == max(report.client_counts(photos)):
        # It has no clients: its limit stands beside the most that the servers had.
        return report.median_of(figure, system, photos, None)
    return report.median_of(figure, system, photos, clients)


def _times(report: Report, system: SystemName, photos: str, clients: int) -> str:
    p50_ms = report.median_of(lambda each: each.p50_ms, system, photos, clients)
    p99_ms = report.median_of(lambda each: each.p99_ms, system, photos, clients)
    return _MISSING if p50_ms is None or p99_ms is None else f"{p50_ms:.0f} / {p99_ms:.0f}"


def _throughput(figures: Figures) -> float:
    return figures.photos_per_s


def _own_cpu_ms(figures: Figures) -> float | None:
    cpu_s = figures.own_cpu_s_per_photo
    return None if cpu_s is None else 1e3 * cpu_s


def _client_cpu_ms(figures: Figures) -> float | None:
    cpu_s = figures.client_cpu_s_per_photo
    return None if cpu_s is None else 1e3 * cpu_s


def _memory(system: System | None) -> str:
    """Each process, largest first, such as `worker 690 + JVM 310`."""
    if system is None or not system.memory:
        return _MISSING
    sizes = [(each.process, each.pss_bytes or each.rss_bytes) for each in system.memory]
    largest_first = sorted(sizes, key=lambda size: -size[1])
    return " + ".join(f"{process} {size / 1e6:.0f}" for process, size in largest_first)


def _startup(system: System | None) -> str:
    if system is None or not system.startup_s:
        return _MISSING
    return f"{median(system.startup_s):.1f}"


def _markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
