import json
from pathlib import Path

import pytest
import typer
from rich.console import Console

from chaos.suite import names_of, publish, run_trials
from chaos.verdict import Row
from loadtest.check import Check

TRIALS = ("one", "two", "three")


def row(name: str) -> Row:
    return Row(name, "tried", (Check("failures", int(name == "two"), 0),))


@pytest.mark.parametrize(
    ("only", "chosen"),
    [(None, ["two"]), (["three", "one"], ["one", "three"])],
)
def test_named_trials_run_in_their_order(only: list[str] | None, chosen: list[str]) -> None:
    assert names_of(only, TRIALS, usual=["two"]) == chosen


def test_a_trial_that_is_not_there_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="There is no 'four'; there are: one, two, three"):
        names_of(["four"], TRIALS, TRIALS)


def test_a_trial_that_does_not_pass_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console, output = Console(quiet=True), tmp_path / "logs" / "chaos.json"
    rows = run_trials(console, TRIALS, row)
    with pytest.raises(typer.Exit) as ended:
        publish(console, "Chaos", rows, output, Path("a/tagger.mar"), {"seed": 0}, 61.2)
    assert ended.value.exit_code == 1
    document = json.loads(output.read_text(encoding="utf-8"))
    assert [each["held"] for each in document["rows"]] == [True, False, True]
    assert (document["archive"], document["seconds"], document["held"]) == ("tagger.mar", 61, False)
    assert "3 trials in 61 s, did not hold: two" in capsys.readouterr().out
