"""The rules hold their own tests, every alert is explained, and nothing is asked that is not
measured."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.monitoring import programs
from deploy.monitoring.check import FOLDER, check, rule_files
from deploy.monitoring.check import test_files as promtool_tests
from hangtag.errors import SetupError
from tests.declared_metrics import declared_metrics

PROJECT = Path(__file__).parents[3]
RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((FOLDER / "grafana" / "hangtag.json").read_text(encoding="utf-8"))
# Names with a prefix of ours: what is measured, and what rules record.
METRIC = re.compile(r"\b(?:hangtag_\w+|ts_\w+|job(?:_\w+)?:\w+:\w+)\b")


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in rule_files()]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def known_names() -> set[str]:
    return declared_metrics() | {rule["record"] for rule in rules() if "record" in rule}


def test_promtool_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    if programs.find_program("promtool") is None:
        pytest.skip("promtool is missing; `make monitoring-check` fetches it")
    check()
    assert re.match(r"The rules of \d+ files are sound, and \d+ tests", capsys.readouterr().out)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(alert: str) -> None:
    cases = [
        case
        for path in promtool_tests()
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == alert
    ]
    assert {bool(case["exp_alerts"]) for case in cases} == {True, False}


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    assert re.findall(r"^## (Hangtag\w+)$", RUNBOOK, re.MULTILINE) == list(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_links_to_its_section(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{alert.lower()}"
    assert rule["labels"]["severity"] in ("page", "ticket")
    # The runbook says it, too.
    section = RUNBOOK.split(f"## {alert}\n")[1]
    assert section.startswith(rule["labels"]["severity"].capitalize())


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in rules())])
def test_only_metrics_that_exist_are_asked_for(query: str) -> None:
    asked = set(METRIC.findall(query)) | ({"up"} & set(re.findall(r"\bup\b", query)))
    assert asked
    assert asked <= known_names() | {"up"}


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    cells = [
        (row, column)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for row in range(place["y"], place["y"] + place["h"])
        for column in range(place["x"], place["x"] + place["w"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for _, column in cells) < 24


def test_a_missing_program_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "UNPACKED", tmp_path)
    with pytest.raises(SetupError, match="There is no promtool; install your system's package"):
        programs.obtain_program("promtool")
