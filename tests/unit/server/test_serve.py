"""What `hangtag serve` says before it starts anything."""

import json
import socket
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import server.serve
from hangtag.cli.app import app
from hangtag.hardware import Cpu
from server.archive import MANIFEST, open_archive
from server.ports import HOST, Ports
from server.serve import facts, sample_call
from server.speed import Speed
from server.tagger_server import TaggerServer
from server.temporary import free_ports


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "tagger.mar"
    with zipfile.ZipFile(path, "w") as files:
        files.writestr(MANIFEST, json.dumps({"model": {"modelVersion": "1.0"}}))
    return path


def test_a_missing_archive_is_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--archive", str(tmp_path / "no.mar")])
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no archive")
    assert result.stderr.count("\n") == 1


def test_a_taken_port_is_one_sentence(archive: Path) -> None:
    port = free_ports().inference
    with socket.create_server((HOST, port + 2)):
        result = CliRunner().invoke(app, ["serve", "--archive", str(archive), "--port", str(port)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Port {port + 2} is taken; ")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def nothing_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the archive would be if none is named; the demo's bundle is none."""
    monkeypatch.setattr("server.serve._ARCHIVE", tmp_path / "tagger.mar")
    monkeypatch.setattr("server.serve._DEMO_BUNDLE", tmp_path)
    return tmp_path / "tagger.mar"


@pytest.mark.usefixtures("nothing_packed")
def test_ports_are_checked_before_anything_is_packed() -> None:
    port = free_ports().inference
    with socket.create_server((HOST, port + 1)):
        result = CliRunner().invoke(app, ["serve", "--port", str(port)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Port {port + 1} is taken; ")
    assert "packing" not in result.stdout


def test_what_is_packed_where_none_is_named_must_be_a_bundle(nothing_packed: Path) -> None:
    folder = nothing_packed.parent
    result = CliRunner().invoke(app, ["serve", "--port", str(free_ports().inference)])
    assert result.exit_code == 1
    assert f"There is no {nothing_packed} yet: packing {folder}" in result.stdout.replace("\n", "")
    assert result.stderr.startswith(f"{folder} is no bundle")
    assert not nothing_packed.exists()


def test_an_archive_that_is_named_is_not_packed(nothing_packed: Path) -> None:
    other = nothing_packed.with_name("other.mar")
    result = CliRunner().invoke(app, ["serve", "--archive", str(other)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"There is no archive {other}: ")
    assert "packing" not in result.stdout


@pytest.mark.parametrize(("other_code", "noted"), [(True, ["Note"]), (False, [])])
def test_an_archive_with_other_code_is_noted(
    *, other_code: bool, noted: list[str], archive: Path, tmp_path: Path
) -> None:
    served = replace(open_archive(archive), has_other_code=other_code)
    told = facts(TaggerServer(served, free_ports(), tmp_path / "logs"), workers=1)
    assert [name for name, _ in told if name == "Note"] == noted


@pytest.mark.parametrize(("flags", "says"), [({"avx2"}, True), ({"avx2", "avx_vnni"}, False)])
def test_speed_is_said_as_it_was_measured_here(
    *, flags: set[str], says: bool, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed = Speed(machine="m", bundle="b", precision="fp32", photos_per_second={"fp32": 5.04})
    monkeypatch.setattr(server.serve, "read_cpu", lambda: Cpu("some", 2, frozenset(flags)))
    monkeypatch.setattr(server.serve, "count_gpus", lambda: 0)
    served = replace(open_archive(archive), backbone="resnet152")
    started = TaggerServer(served, free_ports(), tmp_path / "logs", speed=speed)
    told = dict(facts(started, workers=1))
    assert told["Speed"].startswith("about 5 photos/s in fp32")
    assert ("--backbone tf_efficientnet_lite0" in told["Speed"]) == says


def test_the_call_to_paste_names_the_sample_photo(tmp_path: Path) -> None:
    sample = tmp_path / "a photo.png"
    sample.touch()
    assert sample_call(Ports(8080), sample) == (
        f"curl -s -H 'Content-Type: image/png' --data-binary @'{sample}' "
        "http://127.0.0.1:8080/predictions/tagger"
    )


def test_the_call_to_paste_goes_where_the_api_listens() -> None:
    assert " http://10.0.0.5:8080/predictions/" in sample_call(Ports(8080, "10.0.0.5"), None)


def test_options_come_from_the_environment_too(tmp_path: Path) -> None:
    environment = {"HANGTAG_ARCHIVE": str(tmp_path / "other.mar"), "HANGTAG_GRACE_S": "-1"}
    result = CliRunner().invoke(app, ["serve"], env=environment)
    assert result.exit_code == 2
    assert "HANGTAG_GRACE_S" in result.stderr or "--grace-s" in result.stderr
    result = CliRunner().invoke(app, ["serve"], env={**environment, "HANGTAG_GRACE_S": "1"})
    assert result.stderr.startswith(f"There is no archive {tmp_path / 'other.mar'}")


def test_every_option_has_a_variable() -> None:
    command = get_command(app).commands["serve"].load()  # type: ignore[attr-defined]
    variables = {each.name: each.envvar for each in command.params}
    assert variables == {name: f"HANGTAG_{name.upper()}" for name in variables}
    assert "sample" in variables


@pytest.mark.parametrize("sample", [None, Path("not/there.jpg")])
def test_the_call_to_paste_without_a_sample_photo(sample: Path | None) -> None:
    assert "'Content-Type: image/jpeg' --data-binary @photo.jpg " in sample_call(Ports(1), sample)
