"""deploy/compose fits what it starts: files, ports, networks, and images that cannot change."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.monitoring import programs
from server.ports import DEFAULT_PORT, Ports

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / "deploy" / "compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TAGGERS = ("first", "second")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_named_by_who_starts_them_and_by_their_digests(name: str) -> None:
    assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:\?.*@sha256:…\}", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there_and_read_only(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source, _, rest = (
            mount.rpartition(":ro")[0].rpartition(":") if ":ro" in mount else ("", "", "")
        )
        if not source:
            assert mount.split(":")[0] in COMPOSE["volumes"]
            continue
        assert rest.startswith("/")
        default = re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", source)
        assert (FOLDER / default).exists(), mount


@pytest.mark.parametrize("name", SERVICES)
def test_logs_are_rotated(name: str) -> None:
    assert SERVICES[name]["logging"]["options"]["max-file"] == "5"


@pytest.mark.parametrize("name", TAGGERS)
def test_taggers_are_confined(name: str) -> None:
    tagger = SERVICES[name]
    assert tagger["read_only"]
    assert tagger["cap_drop"] == ["ALL"]
    assert tagger["networks"] == ["inside"]
    assert "ports" not in tagger
    assert COMPOSE["networks"]["inside"]["internal"]
    assert int(tagger["stop_grace_period"].removesuffix("s")) > 80


def test_nothing_but_the_proxy_is_reached_from_elsewhere() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${ADDRESS:-127.0.0.1}:")), (name, port)


def test_the_proxy_and_prometheus_know_every_tagger() -> None:
    ports = Ports(DEFAULT_PORT)
    for name in TAGGERS:
        site = (FOLDER / "site" / f"{name}.conf").read_text(encoding="utf-8")
        assert site.startswith(f"server {name}:{ports.inference} ")
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = scraped["scrape_configs"]
    targets = [f"{name}:{ports.metrics}" for name in TAGGERS]
    assert job["static_configs"] == [{"targets": targets}]


def test_the_site_has_all_that_the_proxy_includes() -> None:
    included = re.findall(
        r"include site/([\w.]+);", (PROJECT / "deploy/proxy/nginx.conf").read_text()
    )
    assert set(included) == {each.name for each in (FOLDER / "site").iterdir()}


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
def test_nginx_takes_the_site(tmp_path: Path) -> None:
    for file in (PROJECT / "deploy" / "proxy").glob("*.conf"):
        shutil.copy(file, tmp_path)
    shutil.copytree(FOLDER / "site", tmp_path / "site")
    for name in TAGGERS:
        # Compose's names lead somewhere only where it runs.
        file = tmp_path / "site" / f"{name}.conf"
        file.write_text(file.read_text().replace(name, "127.0.0.1"))
    (tmp_path / "run").mkdir()
    done = subprocess.run(
        [str(NGINX), "-p", str(tmp_path), "-c", "nginx.conf", "-t"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    promtool = programs.find_program("promtool")
    if promtool is None:
        pytest.skip("promtool is missing; `make monitoring-check` fetches it")
    shutil.copy(FOLDER / "prometheus.yml", tmp_path)
    shutil.copytree(PROJECT / "deploy" / "monitoring" / "rules", tmp_path / "rules")
    subprocess.run([promtool, "check", "config", str(tmp_path / "prometheus.yml")], check=True)
