"""What the autoscalers ask Prometheus, answered by Prometheus' own engine."""

import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.check.command import OVERLAYS
from deploy.monitoring.programs import find_program

KUBERNETES = OVERLAYS.parent
PROMTOOL = find_program("promtool")

pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is missing; `make monitoring-check` fetches it"
)

# Sum and count of two pods: a has 1 request a second, waiting 0.2 s each; b has none any more.
SERIES = {"a": ("0+3x20", "0+15x20"), "b": ("7x20", "9x20")}


def read(file: str) -> str:
    return (KUBERNETES / file).read_text(encoding="utf-8")


def keda_query() -> str:
    triggers = yaml.safe_load(read("components/keda/scaled-object.yaml"))["spec"]["triggers"]
    query: str = triggers[0]["metadata"]["query"]
    return query


def adapter_query() -> str:
    (rule,) = yaml.safe_load(read("prometheus-adapter.yaml"))["rules"]["custom"]
    query: str = rule["metricsQuery"]
    # https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md#querying
    matchers = 'namespace="hangtag",pod=~"a|b"'
    return query.replace("<<.LabelMatchers>>", matchers).replace("<<.GroupBy>>", "pod")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (keda_query(), {"wait": 0.2}),
        (adapter_query(), {'wait{pod="a"}': 0.2, 'wait{pod="b"}': 0.0}),
    ],
    ids=["keda", "adapter"],
)
def test_it_is_the_mean_wait_and_0_without_requests(
    query: str, answer: dict[str, float], tmp_path: Path
) -> None:
    rules = {"groups": [{"name": "waits", "rules": [{"record": "wait", "expr": query}]}]}
    samples = [{"labels": labels, "value": value} for labels, value in answer.items()]
    asked = {"expr": "wait", "eval_time": "4m", "exp_samples": samples}
    tests = [{"interval": "15s", "input_series": _series(), "promql_expr_test": [asked]}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    (tmp_path / "tests.yaml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": tests})
    )
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", str(tmp_path / "tests.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _series() -> list[dict[str, str]]:
    labels = 'namespace="hangtag",service="hangtag"'
    return [
        {"series": f'hangtag_queue_seconds_{part}{{{labels},pod="{pod}"}}', "values": values}
        for pod, both in SERIES.items()
        for part, values in zip(("sum", "count"), both, strict=True)
    ]
