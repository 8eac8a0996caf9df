"""What kubectl makes of deploy/kubernetes."""

import re
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from deploy.check.command import OVERLAYS, main
from deploy.check.finding import check
from deploy.check.manifests import Manifest, named, of_kind
from deploy.check.render import find_renderer, render
from deploy.check.schemas import last_minors
from hangtag.errors import SetupError
from tests.declared_metrics import declared_metrics

KUBERNETES = OVERLAYS.parent
PROJECT = KUBERNETES.parents[1]
SERVE_CONFIG = PROJECT / "serve_config"
NAMES = sorted(path.name for path in OVERLAYS.iterdir())
METRIC = re.compile(r"\b(hangtag_[a-z_]+)\{")

try:
    find_renderer()
except SetupError as error:
    pytest.skip(str(error), allow_module_level=True)


@cache
def overlay(name: str) -> tuple[Manifest, ...]:
    return tuple(render(OVERLAYS / name))


def of(name: str, title: str) -> Any:
    manifest = named(overlay(name), *title.split("/"))
    assert manifest is not None, f"{name} has no {title}"
    return manifest


def titles(manifests: Sequence[Manifest], kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in of_kind(manifests, kind)}


@pytest.mark.parametrize("name", NAMES)
def test_an_overlay_is_valid_and_within_the_policies(name: str) -> None:
    finding = check(overlay(name), last_minors())
    assert finding.manifests > 10
    assert finding.faults == []


def test_every_part_belongs_to_an_overlay() -> None:
    named_parts = {
        (path.parent / each).resolve()
        for path in KUBERNETES.rglob("kustomization.yaml")
        for key in ("resources", "components")
        for each in yaml.safe_load(path.read_text(encoding="utf-8")).get(key, [])
    }
    parts = {path.parent for path in KUBERNETES.rglob("kustomization.yaml")}
    overlays = {OVERLAYS / name for name in NAMES}
    assert parts - named_parts == overlays


def test_the_settings_are_those_of_serve_config() -> None:
    mounted = next(
        each["configMap"]["name"]
        for each in of("cpu", "Deployment/hangtag")["spec"]["template"]["spec"]["volumes"]
        if each["name"] == "serve-config"
    )
    data = of("cpu", f"ConfigMap/{mounted}")["data"]
    assert data == {file: (SERVE_CONFIG / file).read_text(encoding="utf-8") for file in data}
    assert set(data) == {"config.properties", "log4j2.xml", "metrics.yaml", "service.yaml"}


def test_the_canary_takes_a_share_of_the_same_path() -> None:
    stable, canary = of("canary", "Ingress/hangtag"), of("canary", "Ingress/hangtag-canary")
    assert _routes(stable) == [
        ("/predictions/tagger", "Exact", "hangtag"),
        # Callers who name a version, which the canary does not know.
        ("/predictions/tagger/", "Prefix", "hangtag"),
    ]
    assert _routes(canary) == [("/predictions/tagger", "Exact", "hangtag-canary")]
    assert _hosts(stable) == _hosts(canary) == ["tagger.example.com"]
    annotations = canary["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/canary"] == "true"
    assert 0 < int(annotations["nginx.ingress.kubernetes.io/canary-weight"]) < 50
    assert "nginx.ingress.kubernetes.io/canary" not in stable["metadata"]["annotations"]


def test_two_versions_have_paths_and_archives_of_their_own() -> None:
    ingress = of("two-versions", "Ingress/hangtag-next")
    assert _routes(ingress) == [("/predictions/tagger/2.0", "Exact", "hangtag-next")]
    assert _hosts(ingress) == ["tagger.example.com"]
    sources = [
        _archive("two-versions", f"Deployment/{name}")["ARCHIVE_SOURCE"]
        for name in ("hangtag", "hangtag-next")
    ]
    assert [Path(source).name for source in sources] == ["tagger-1.0.mar", "tagger-2.0.mar"]


def test_another_archive_is_another_revision(tmp_path: Path) -> None:
    before = _first_source(render(OVERLAYS / "cpu"))
    project = _copy_of_the_manifests(tmp_path)
    archive = project / "deploy/kubernetes/releases/stable/archive.env"
    archive.write_text("ARCHIVE_SOURCE=s3://other\nARCHIVE_SHA256=1\n", encoding="utf-8")
    assert _first_source(render(project / "deploy/kubernetes/overlays/cpu")) != before


def test_every_tagger_of_the_gpu_overlay_has_a_gpu_and_its_image() -> None:
    container = of("gpu", "Deployment/hangtag")["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["image"].endswith("-gpu")


def test_callers_come_through_the_ingress_and_prometheus_alone_reads_the_metrics() -> None:
    def from_namespace(name: str, **more: Any) -> list[Any]:
        labels = {"kubernetes.io/metadata.name": name}
        return [{"namespaceSelector": {"matchLabels": labels}, **more}]

    prometheus = {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}
    assert of("cpu", "NetworkPolicy/hangtag")["spec"]["ingress"] == [
        {"from": from_namespace("ingress-nginx"), "ports": [{"protocol": "TCP", "port": 8080}]},
        {
            "from": from_namespace("monitoring", podSelector=prometheus),
            "ports": [{"protocol": "TCP", "port": 8082}],
        },
    ]


def test_keda_scales_alone() -> None:
    assert titles(overlay("keda"), "ScaledObject") == {"hangtag"}
    assert titles(overlay("keda"), "HorizontalPodAutoscaler") == set()


def test_the_local_overlay_needs_nothing_but_the_image() -> None:
    pod = of("local", "Deployment/hangtag")["spec"]["template"]["spec"]
    assert not pod["initContainers"]
    assert {"configMap", "emptyDir", "name"} == {key for each in pod["volumes"] for key in each}
    assert "tls" not in of("local", "Ingress/hangtag")["spec"]


@pytest.mark.parametrize("file", ["components/keda/scaled-object.yaml", "prometheus-adapter.yaml"])
def test_autoscaling_asks_for_metrics_that_exist(file: str) -> None:
    asked = set(METRIC.findall((KUBERNETES / file).read_text(encoding="utf-8")))
    assert asked
    assert asked <= declared_metrics()


def test_the_command_names_each_fault_and_fails(
    tmp_path: Path, run: Callable[[Path], tuple[int, str]]
) -> None:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {password: hunter2}\n"
    )
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\n")
    code, output = run(tmp_path)
    assert code == 1
    assert "ConfigMap/a, password: looks like a secret" in output
    # And nothing denies by default.
    assert "faults: 2." in output


def test_a_folder_that_cannot_be_rendered_is_one_sentence(
    tmp_path: Path, run: Callable[[Path], tuple[int, str]]
) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    code, output = run(tmp_path)
    assert code == 1
    assert "cannot be rendered: accumulating resources" in output
    assert "Traceback" not in output


def test_an_overlay_that_is_not_there_is_one_sentence(
    tmp_path: Path, run: Callable[[Path], tuple[int, str]]
) -> None:
    code, output = run(tmp_path / "cpu")
    assert code == 1
    assert "There is no kustomization.yaml in " in output
    assert "name an overlay's folder, such as deploy/kubernetes/overlays/cpu." in output


def test_without_kubectl_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(SetupError, match="`make setup` brings kubectl"):
        render(OVERLAYS / "cpu")


@pytest.fixture
def run() -> Callable[[Path], tuple[int, str]]:
    app = Typer()
    app.command()(main)

    def run_on(folder: Path) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(folder)])
        return result.exit_code, result.output

    return run_on


def _routes(ingress: Manifest) -> list[tuple[str, str, str]]:
    return [
        (path["path"], path["pathType"], path["backend"]["service"]["name"])
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]


def _hosts(ingress: Manifest) -> list[str]:
    return [rule["host"] for rule in ingress["spec"]["rules"]]


def _archive(name: str, title: str) -> dict[str, str]:
    data: dict[str, str] = of(name, f"ConfigMap/{_source(of(name, title))}")["data"]
    return data


def _first_source(manifests: list[Manifest]) -> str:
    deployment = named(manifests, "Deployment", "hangtag")
    assert deployment is not None
    return _source(deployment)


def _source(deployment: Manifest) -> str:
    fetch = deployment["spec"]["template"]["spec"]["initContainers"][0]
    name: str = fetch["envFrom"][0]["configMapRef"]["name"]
    return name


def _copy_of_the_manifests(folder: Path) -> Path:
    shutil.copytree(KUBERNETES, folder / "deploy/kubernetes")
    shutil.copytree(SERVE_CONFIG, folder / "serve_config")
    return folder
