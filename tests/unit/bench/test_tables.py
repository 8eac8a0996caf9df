"""What people read of a report."""

import io

from rich.console import Console

from bench.tables import (
    BLOCK_BEGIN,
    BLOCK_END,
    FIGURE_COLUMNS,
    describe_settings,
    figure_rows,
    markdown,
    measure_rows,
    replace_block,
    rich_tables,
)
from tests.unit.bench.reports import report


def figure_row(label: str) -> list[str]:
    """The values of stock, tuned stock, Hangtag on both backends, and raw engine."""
    (found,) = [values for first, *values in figure_rows(report()) if first == label]
    return found


def test_every_row_has_every_column() -> None:
    assert {len(row) for row in figure_rows(report())} == {len(FIGURE_COLUMNS)}


def test_throughput_stands_beside_the_limit() -> None:
    assert figure_row("photos/s, 32 clients, 224 px") == ["10", "12.5", "100", "105", "110"]


def test_latency_stands_beside_the_single_photo() -> None:
    assert figure_row("p50 / p99 ms, 1 client, 224 px") == [
        "–",
        "–",
        "36 / 72",
        "33 / 66",
        "30 / 60",
    ]


def test_costs_of_a_photo() -> None:
    assert figure_row("server's CPU ms a photo") == ["20"] * 5
    assert figure_row("of it the server's first process") == ["1"] * 5
    assert figure_row("joules a photo") == ["–"] * 5


def test_memory_by_process_and_start_up() -> None:
    assert figure_row("memory, MB (PSS)")[0] == "worker 900 + JVM 300"
    assert figure_row("start to ready, s")[0] == "10.0"


def test_measures_say_wanted_measured_and_verdict() -> None:
    rows = measure_rows(report().measures)
    assert rows[0][1:] == ["≥ 10", "10.00 (10.00–10.00)", "held"]
    assert rows[1][1:] == ["–", "8.00 (8.00–8.00)", "–"]
    assert rows[4][1:] == ["≤ 1.25", "1.20 (1.20–1.20)", "held"]


def test_a_missed_measure_says_so() -> None:
    measure = report().measures[0].model_copy(update={"wanted": 11.0})
    assert measure_rows([measure])[0][-1] == "missed"


def test_settings_name_what_matters_and_no_hashes() -> None:
    stock, hangtag = report().systems
    assert describe_settings(stock) == "stock: workers 2, batch size 8"
    assert describe_settings(hangtag) == "Hangtag: precision bf16"


def test_the_screen_shows_verdicts_and_machine() -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    for table in rich_tables(report()):
        console.print(table)
    text = console.export_text()
    assert "held" in text
    assert "Some CPU, 2 cores (amx_bf16), 8 GB" in text


def test_markdown_has_both_tables_and_the_machine() -> None:
    text = markdown(report())
    assert "| photos/s, 32 clients, 224 px | 10 | 12.5 | 100 | 105 | 110 |" in text
    assert "| held |" in text
    assert "Measured on Some CPU" in text
    assert "- All of them: resnet152 at 224 px; trained on: none: random weights" in text


def test_the_block_of_the_readme_is_replaced() -> None:
    readme = f"# Title\n{BLOCK_BEGIN}\nold\n{BLOCK_END}\nend\n"
    assert replace_block(readme, "new") == f"# Title\n{BLOCK_BEGIN}\nnew\n{BLOCK_END}\nend\n"
    assert replace_block(replace_block(readme, "x"), "new") == replace_block(readme, "new")


def test_a_readme_without_both_marks_stays_as_it_is() -> None:
    for readme in ("# Title\n", f"{BLOCK_BEGIN}\nold\n", f"{BLOCK_END}\nold\n{BLOCK_BEGIN}"):
        assert replace_block(readme, "new") == readme
