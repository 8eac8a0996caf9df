from pathlib import Path

import pytest

import server.speed
import server.tagger_server
from hangtag.bundle import Bundle
from hangtag.engine import supported_precisions
from hangtag.errors import BundleInvalid
from server.archive import open_archive
from server.speed import Speed, fastest, known_speed, measure_speed, remember_speed
from server.tagger_server import TaggerServer
from server.temporary import free_ports


def speed(machine: str = "m", bundle: str = "b") -> Speed:
    return Speed(machine=machine, bundle=bundle, precision="fp32", photos_per_second={"fp32": 2.0})


def test_another_precision_is_taken_only_if_it_is_clearly_faster() -> None:
    assert fastest({"fp32": 90.0}) == "fp32"
    assert fastest({"fp32": 90.0, "bf16": 118.0, "int8": 123.0}) == "int8"
    assert fastest({"fp32": 90.0, "bf16": 125.0, "int8": 123.0}) == "int8"
    assert fastest({"fp32": 90.0, "int8": 70.0}) == "fp32"


def test_what_was_measured_is_found_again(tiny_bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    measured = measure_speed(tiny_bundle)
    assert measured.served > 0
    assert set(measured.photos_per_second) <= set(supported_precisions())
    remember_speed(measured, path)
    remember_speed(measured, path)
    assert known_speed(tiny_bundle.digest, path) == measured
    assert known_speed("sha256:another", path) is None
    assert path.read_text().count(tiny_bundle.digest) == 1


def test_a_precision_that_does_not_run_here_is_left_out(
    tiny_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    models = {"fp32": tiny_bundle.model_path, "int8": broken}
    monkeypatch.setattr(Bundle, "models", property(lambda _bundle: models))
    monkeypatch.setattr(server.speed, "supported_precisions", lambda: ("fp32", "int8"))
    monkeypatch.setattr("hangtag.engine.choice.supported_precisions", lambda _gpu: ("fp32", "int8"))
    measured = measure_speed(tiny_bundle)
    assert (measured.precision, list(measured.photos_per_second)) == ("fp32", ["fp32"])
    assert "Without int8" in caplog.text


def test_the_speed_of_another_machine_does_not_count(tmp_path: Path) -> None:
    remember_speed(speed(machine="another", bundle="b"), tmp_path / "speeds.json")
    assert known_speed("b", tmp_path / "speeds.json") is None


@pytest.mark.parametrize("text", ["", "[{]", '[{"machine": 3}]', "{}"])
def test_what_cannot_be_read_is_measured_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    path.write_text(text)
    assert known_speed("b", path) is None
    remember_speed(speed(), path)
    assert '"fp32": 2.0' in path.read_text()


def test_few_are_kept_and_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    for number in range(30):
        remember_speed(speed(bundle=f"b{number}"), tmp_path / "speeds.json")
    kept = (tmp_path / "speeds.json").read_text()
    assert kept.count('"bundle"') == 20
    assert '"b29"' in kept
    remember_speed(speed(), tmp_path / "none" / "speeds.json")


def test_all_workers_are_told_what_was_measured_where_the_archive_was_packed(
    tiny_archive: Path, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = open_archive(tiny_archive)
    assert archive.bundle_digest == tiny_bundle.digest
    assert archive.backbone == tiny_bundle.manifest.backbone
    known = known_speed(archive.bundle_digest)
    assert known is not None
    logs, ports = tmp_path / "logs", free_ports()
    assert TaggerServer(archive, ports, logs).speed == known
    monkeypatch.setattr(server.tagger_server, "known_speed", lambda _digest: None)
    assert TaggerServer(archive, ports, logs).speed is None
    # Where nothing could be kept: handed on by who packed it.
    assert TaggerServer(archive, ports, logs, speed=speed()).speed == speed()


def test_a_network_that_runs_in_no_precision_is_one_sentence(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    monkeypatch.setattr(Bundle, "models", property(lambda _bundle: {"fp32": broken}))
    with pytest.raises(BundleInvalid, match=r" runs in no precision on this machine: fp32"):
        measure_speed(tiny_bundle)
