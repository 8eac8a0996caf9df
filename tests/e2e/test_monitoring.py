"""A real Prometheus with our rules beside a live service: every query has data, an alert fires
and resolves. And what the service logs."""

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import yaml

from chaos.server import ServerUnderTrial, eventually, kill
from chaos.variants import write_variant
from deploy.monitoring.check import FOLDER, rule_files
from deploy.monitoring.programs import find_program
from hangtag.bundle import GroupReference, ReferenceDistribution, seal_bundle
from server.packaging import make_archive
from server.plan import ServingPlan
from server.ports import HOST
from server.temporary import ServingAddress, serving
from tests.tiny_tagger import BLUE, GREEN, RED, photo, write_tiny_bundle
from tests.unit.deploy.test_rules import rules

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        find_program("prometheus") is None,
        reason="prometheus is missing; `make monitoring-check` fetches it",
    ),
]

# An hour of the rules passes in a minute.
FASTER = 60
SCRAPE_INTERVAL = "500ms"
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DASHBOARD = json.loads((FOLDER / "grafana" / "hangtag.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\b(?:hangtag_\w+|job(?:_\w+)?:\w+:\w+|up)\b")
JPEG = {"Content-Type": "image/jpeg"}
PAUSE_S = 0.1
# Whatever of a caller's must not be logged holds this.
HUSH = "hush"
# Appended to hangtag/requests/parsing.py: one product meets a fault of ours.
FAULT = """

_sound_read_product = read_product


def read_product(*arguments):
    product = _sound_read_product(*arguments)
    if product.product_id == "faulty":
        raise ZeroDivisionError(f"a fault of ours at {product.title}")
    return product
"""


def dashboard_queries() -> list[str]:
    targets = [target for each in DASHBOARD["panels"] for target in each.get("targets", [])]
    return [
        target["expr"].replace("$job", "hangtag.*").replace("$__rate_interval", "10s")
        for target in targets
    ]


def rule_queries() -> list[str]:
    """What rules record, and what alerts look at: an alert itself has data only if it fires."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    looked_at = {name for rule in rules() if "alert" in rule for name in NAME.findall(rule["expr"])}
    return sorted(recorded | looked_at)


def hastened(text: str) -> str:
    def shorten(match: re.Match[str]) -> str:
        before, count, unit, after = match.groups()
        return f"{before}{int(count) * UNIT_MS[unit] // FASTER}ms{after}"

    return re.sub(r"(\[|\bfor: )(\d+)([smhd])(\]|$)", shorten, text, flags=re.MULTILINE)


class Prometheus:
    """A running one; its HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/"""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def is_ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def has_data(self, query: str) -> bool:
        """Whether the query finds a number now."""
        result = self._get("/api/v1/query", query=query)["result"]
        return any(series["value"][1] != "NaN" for series in result)

    def label_values(self, label: str, metric: str) -> Any:
        """What a label of a metric says; it is how Grafana fills its menus."""
        return self._get(f"/api/v1/label/{label}/values", **{"match[]": metric})

    def alerts(self) -> dict[str, str]:
        """The state of each alert, `pending` or `firing`."""
        alerts = self._get("/api/v1/alerts")["alerts"]
        return {each["labels"]["alertname"]: each["state"] for each in alerts}

    def unsound_rules(self) -> list[str]:
        groups = self._get("/api/v1/rules")["groups"]
        every = [rule for group in groups for rule in group["rules"]]
        return [f"{each['name']}: {each}" for each in every if each["health"] == "err"]

    def _get(self, path: str, **parameters: str) -> Any:
        answer = self._client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny tagger with a profile, and with a fault that one product meets."""
    folder = tmp_path_factory.mktemp("profiled")
    bundle = write_tiny_bundle(folder / "bundle")
    groups = tuple(
        GroupReference(group=group.name, mean_best_score=0.9, shares={"accept": 0.5, "none": 0.5})
        for group in bundle.label_space.groups
    )
    profile = ReferenceDistribution(photos=3, groups=groups)
    seal_bundle(bundle.folder, bundle.manifest.model_copy(update={"profile": profile}))
    make_archive(bundle.folder, folder / "sound.mar", version="2.5")
    variant = {"hangtag/requests/parsing.py": FAULT}
    write_variant(folder / "sound.mar", folder / "tagger.mar", variant)
    return folder / "tagger.mar"


@pytest.fixture(scope="module")
def address(archive: Path) -> Iterator[ServingAddress]:
    with serving(archive, plan=ServingPlan(workers=2, threads=1, batch_size=4)) as address:
        yield address


@pytest.fixture(scope="module")
def prometheus(
    address: ServingAddress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    _write_configuration(folder, address.metrics_url.removeprefix("http://"))
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        listening = f"{HOST}:{probe.getsockname()[1]}"
    command = [
        str(find_program("prometheus")),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={listening}",
        "--log.level=error",
    ]
    client = httpx.Client(base_url=f"http://{listening}", timeout=10)
    with subprocess.Popen(command) as process, traffic(address), client:
        try:
            prometheus = Prometheus(client)
            assert eventually(prometheus.is_ready, 30)
            yield prometheus
        finally:
            process.terminate()


def _write_configuration(folder: Path, target: str) -> None:
    (folder / "rules").mkdir()
    for path in rule_files():
        (folder / "rules" / path.name).write_text(hastened(path.read_text(encoding="utf-8")))
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    configuration["global"] = {
        "scrape_interval": SCRAPE_INTERVAL,
        "scrape_timeout": SCRAPE_INTERVAL,
        "evaluation_interval": SCRAPE_INTERVAL,
    }
    (scraped,) = configuration["scrape_configs"]
    scraped["static_configs"] = [{"targets": [target]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))


@contextmanager
def traffic(address: ServingAddress) -> Iterator[None]:
    """Some ten requests a second, of which one in four is wrong."""
    ended = Event()
    bodies = cycle([photo(RED), photo(GREEN), photo(BLUE), b"no photo"])

    def send() -> None:
        with httpx.Client(timeout=30) as client:
            while not ended.wait(PAUSE_S):
                client.post(address.predictions_url, content=next(bodies), headers=JPEG)

    sender = Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()


@pytest.mark.parametrize("query", [*dashboard_queries(), *rule_queries()])
def test_every_query_of_the_dashboard_and_the_rules_has_data(
    prometheus: Prometheus, query: str
) -> None:
    assert eventually(lambda: prometheus.has_data(query), 20)


def test_every_rule_can_be_evaluated(prometheus: Prometheus) -> None:
    assert eventually(lambda: prometheus.has_data("job:hangtag_errors:ratio_rate5m"), 20)
    assert prometheus.unsound_rules() == []


def test_the_menu_of_the_dashboard_offers_the_job(prometheus: Prometheus) -> None:
    (menu,) = [each for each in DASHBOARD["templating"]["list"] if each["name"] == "job"]
    asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", menu["query"]["query"])
    assert asked is not None
    metric, label = asked.groups()
    assert eventually(lambda: prometheus.label_values(label, metric) == ["hangtag"], 20)


def test_a_worker_killed_once_raises_an_alert_that_ends(
    prometheus: Prometheus, address: ServingAddress, archive: Path
) -> None:
    server = ServerUnderTrial(address, archive)
    assert "HangtagWorkerRestarted" not in prometheus.alerts()
    kill(server.workers()[-1])
    assert eventually(lambda: prometheus.alerts().get("HangtagWorkerRestarted") == "firing", 30)
    assert eventually(lambda: "HangtagWorkerRestarted" not in prometheus.alerts(), 60)
    assert server.wait_until_ready(10)


def test_a_worker_that_does_not_come_back_raises_an_alert_that_ends_when_it_does(
    prometheus: Prometheus, address: ServingAddress, archive: Path
) -> None:
    server = ServerUnderTrial(address, archive)
    survivor = server.workers()[0].pid
    assert "HangtagWorkersMissing" not in prometheus.alerts()

    def fires() -> bool:
        for worker in server.workers():
            if worker.pid != survivor:
                kill(worker)
        return prometheus.alerts().get("HangtagWorkersMissing") == "firing"

    assert eventually(fires, 30)
    assert eventually(lambda: "HangtagWorkersMissing" not in prometheus.alerts(), 60)
    assert server.wait_until_ready(10)


def test_an_access_line_names_the_callers_request(address: ServingAddress) -> None:
    called = {**JPEG, "X-Request-Id": "call-7", "X-Supplier": "acme"}
    answer = httpx.post(
        address.predictions_url, params={"product_id": "7"}, content=photo(), headers=called
    )
    assert answer.headers["x-request-id"] == "call-7"
    line = access_line(address, "call-7")
    assert line.pop("time").endswith("Z")
    assert line.pop("client").startswith("127.0.0.1:")
    assert line.pop("ms") >= line.pop("receive_ms") >= 0
    assert line == {
        "request_id": "call-7",
        "supplier": "acme",
        "method": "POST",
        "path": "/predictions/tagger",
        "model_version": "2.5",
        "status": 200,
        "outcome": "ok",
        "bytes_in": len(photo()),
        "bytes_out": len(answer.content),
    }


def secretive_requests() -> dict[str, dict[str, Any]]:
    """By id: requests with something of the caller's in every place that can hold it."""
    document = {"product_id": HUSH, "title": HUSH, "images": [{"content": HUSH}]}
    wrong = {"options": {"groups": [HUSH]}, HUSH: HUSH}
    form = {"image": (f"{HUSH}.jpg", photo(), "image/jpeg")}
    return {
        "of-a-photo": {"content": HUSH.encode() * 99, "headers": JPEG},
        "of-a-text-photo": {"content": photo() + HUSH.encode(), "headers": JPEG},
        "of-a-query": {"content": photo(), "params": {"groups": HUSH}, "headers": JPEG},
        "of-json": {"json": document},
        "of-wrong-json": {"json": wrong},
        "of-a-form": {"files": form, "data": {"request": json.dumps({"title": HUSH})}},
        "of-headers": {
            "content": photo(),
            "headers": {**JPEG, "Authorization": HUSH, "X-Api-Key": HUSH, "Cookie": HUSH},
        },
        "of-a-fault": {
            "content": photo(),
            "params": {"product_id": "faulty", "title": HUSH},
            "headers": JPEG,
        },
    }


def test_nothing_of_a_callers_photos_texts_or_secrets_is_logged(address: ServingAddress) -> None:
    for request_id, request in secretive_requests().items():
        headers = {**request.pop("headers", {}), "X-Request-Id": request_id}
        httpx.post(address.predictions_url, **request, headers=headers)
        access_line(address, request_id)
    application_line(address, "of-a-fault")
    text = "".join(path.read_text() for path in address.logs.glob("*.log"))
    assert HUSH not in text


def test_a_fault_of_ours_is_logged_with_the_callers_request_id(address: ServingAddress) -> None:
    answer = httpx.post(
        address.predictions_url,
        params={"product_id": "faulty"},
        content=photo(),
        headers={**JPEG, "X-Request-Id": "call-9"},
    )
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    line = application_line(address, "call-9")
    assert line["level"] == "ERROR"
    assert "in read_product" in line["error"]
    assert line["error"].endswith("\nZeroDivisionError")


@pytest.mark.parametrize(
    ("path", "content", "status", "outcome"),
    [
        ("/predictions/tagger", b"no photo", 400, "image_undecodable"),
        ("/predictions/tagger?groups=size", photo(), 422, "unknown_group"),
        ("/predictions/other", photo(), 404, "not_found"),
    ],
)
def test_an_access_line_has_the_code_of_a_problem(
    address: ServingAddress, path: str, content: bytes, status: int, outcome: str
) -> None:
    url = f"{address.inference_url}{path}"
    answer = httpx.post(url, content=content, headers={**JPEG, "X-Request-Id": outcome})
    line = access_line(address, outcome)
    assert (answer.status_code, line["status"], line["outcome"]) == (status, status, outcome)
    assert answer.json()["code"] == outcome


@pytest.mark.parametrize("unfit", ["with a space", "x" * 129, '"}{"'])
def test_an_unfit_request_id_is_replaced(address: ServingAddress, unfit: str) -> None:
    headers = {**JPEG, "X-Request-Id": unfit}
    answer = httpx.post(address.predictions_url, content=photo(), headers=headers)
    ours = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ours)
    assert access_line(address, ours)["status"] == 200


def test_every_line_of_every_log_is_json(address: ServingAddress) -> None:
    lines = {path.name: log_lines(path) for path in address.logs.glob("*_log.log")}
    assert set(lines) == {"access_log.log", "application_log.log", "model_log.log", "ts_log.log"}
    assert all({"time", "request_id", "status"} <= set(each) for each in lines["access_log.log"])
    loaded = [each for each in lines["application_log.log"] if "Loaded" in each["message"]]
    assert len(loaded) >= 2
    for each in (*lines["model_log.log"], *lines["ts_log.log"]):
        assert {"time", "level", "logger", "thread", "message"} <= set(each)


def access_line(address: ServingAddress, request_id: str) -> dict[str, Any]:
    return line_with(
        address.logs / "access_log.log", lambda line: bool(line["request_id"] == request_id)
    )


def application_line(address: ServingAddress, request_id: str) -> dict[str, Any]:
    return line_with(
        address.logs / "application_log.log",
        lambda line: request_id in line.get("request_ids", ()),
    )


def line_with(log: Path, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The one line that fits; logs are written a moment after the answer."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found[:] = filter(fits, log_lines(log))
        return bool(found)

    assert eventually(is_there, 10)
    (line,) = found
    return line


def log_lines(path: Path) -> list[dict[str, Any]]:
    # The last one may be half written.
    return [json.loads(each) for each in path.read_text().rpartition("\n")[0].splitlines()]
