"""A finished run's weights in every format, as a user writes and checks them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from hangtag.bundle import load_bundle
from hangtag.cli.app import app
from training.fit.tagger_module import TaggerModule
from training.model.building import build_network
from training.run.exports.agreement import TOLERANCE, measure_agreement
from training.settings import TrainingSettings

PRODUCTS = 40
# Small, so that a copy is.
BACKBONE = "mobilenet_v3_small"
SIZE_PX = 32


def train(folder: Path, *arguments: object) -> None:
    environment = {name: each for name, each in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-m", "hangtag.cli", *map(str, arguments)],
        cwd=folder, env=environment, text=True, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch that finished; no test may change it."""
    folder = tmp_path_factory.mktemp("exports")
    train(folder, "demo-catalogue", "--folder", "demo", "--products", PRODUCTS)
    train(
        folder, "train", "--data", "demo", "--run", "run", "--epochs", 1, "--backbone", BACKBONE,
        "--weights", "none", "--size", SIZE_PX, "--set", "network.mirrored=true",
    )  # fmt: skip
    return folder / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def call(command: str, run: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["export", command, "--run", str(run), *more])


def sentence(result: Result) -> str:
    assert result.exit_code == 1, result.output
    return result.stderr.strip().splitlines()[-1]


def test_every_format_gives_the_scores_of_the_model(finished: Path) -> None:
    agreement = measure_agreement(finished)
    assert [path.suffix for path in agreement.differences] == [".safetensors", ".pth", ".ckpt"]
    # The golden photos, and the test photos that the page shows.
    assert agreement.photos > len(load_bundle(finished / "bundle").manifest.golden)
    assert agreement.largest <= TOLERANCE
    result = call("check", finished)
    assert result.exit_code == 0, result.output
    last = result.output.strip().splitlines()[-1]
    assert last.startswith("All 3 files give the scores of ")
    assert "the largest difference is " in last


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_other_weights_are_found_out(name: str, run: Path) -> None:
    path = run / "bundle" / name
    state = load_file(run / "bundle" / "weights.safetensors")
    state["head.0.bias"] = state["head.0.bias"] + 0.5
    if path.suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    assert f"{path} gives scores that differ from model.onnx's by up to" in sentence(
        call("check", run)
    )


def test_weights_of_another_network_and_broken_files_are_named(run: Path) -> None:
    path = run / "bundle" / "weights.pth"
    torch.save({"body.conv1.weight": torch.zeros(1)}, path)
    assert sentence(call("check", run)) == f"{path} holds the weights of another network."
    path.write_bytes(b"no weights")
    assert sentence(call("check", run)) == f"{path} is no whole .pth file; write it anew."


@pytest.mark.parametrize("format_", ["safetensors", "pth", "ckpt"])
def test_a_format_that_is_missing_is_named_and_written(format_: str, run: Path) -> None:
    for path in run.rglob(f"*.{format_}"):
        path.unlink()
    said = sentence(call("check", run))
    assert said.endswith(f"`hangtag export write --run {run} --format {format_}`")
    written = call("write", run, "--format", format_)
    assert written.exit_code == 0, written.output
    assert [str(path) for path in run.rglob(f"*.{format_}")] == [written.output.split()[-1][:-1]]
    assert measure_agreement(run).largest <= TOLERANCE


def test_all_formats_come_of_a_checkpoint_alone(run: Path) -> None:
    before = load_file(run / "bundle" / "weights.safetensors")
    for name in ("weights.pth", "weights.safetensors"):
        (run / "bundle" / name).unlink()
        assert call("write", run, "--format", name.rpartition(".")[2]).exit_code == 0
    after = load_file(run / "bundle" / "weights.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_lightning_loads_the_checkpoint_that_is_written(run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    assert call("write", run, "--format", "ckpt").exit_code == 0
    bundle = load_bundle(run / "bundle")
    told = {name: value for name, value in bundle.manifest.training.items() if name != "commit"}
    settings = TrainingSettings.model_validate(told)
    network = build_network(settings, "none", bundle.label_space)
    module = TaggerModule.load_from_checkpoint(
        run / "checkpoints" / "exported.ckpt",
        network=network, settings=settings, label_space=bundle.label_space, steps_per_epoch=1,
        weights_only=True,
    )  # fmt: skip
    expected = load_file(run / "bundle" / "weights.safetensors")
    state = module.network.state_dict()
    assert all(torch.equal(state[name], each) for name, each in expected.items())


def test_of_the_checkpoints_the_best_one_is_that_of_the_bundle(run: Path) -> None:
    newest = next((run / "checkpoints").glob("epoch=*.ckpt"))
    best = newest.rename(newest.with_name("best.ckpt"))
    newest.write_bytes(b"a later epoch")
    assert list(measure_agreement(run).differences)[-1] == best


def test_what_is_there_is_not_written_again(finished: Path) -> None:
    path = finished / "bundle" / "weights.pth"
    said = sentence(call("write", finished, "--format", "pth"))
    assert said.startswith(f"{path} is there already")


def test_a_checkpoint_of_before_training_went_on_is_found_out_and_replaced(run: Path) -> None:
    newest = next((run / "checkpoints").glob("epoch=*.ckpt"))
    document = torch.load(newest, weights_only=True)
    document["state_dict"]["network.head.0.bias"] += 0.5
    stale = newest.with_name("exported.ckpt")
    torch.save(document, stale)
    assert "it holds other weights" in sentence(call("check", run))
    assert sentence(call("write", run, "--format", "ckpt")).endswith("delete it first.")
    stale.unlink()
    assert measure_agreement(run).largest <= TOLERANCE


def test_a_run_without_any_weights_is_named(run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    for name in ("weights.pth", "weights.safetensors"):
        (run / "bundle" / name).unlink()
    said = sentence(call("write", run, "--format", "pth"))
    assert said == f"{run} holds no weights any more; train again."


def test_a_run_that_did_not_finish_is_named(tmp_path: Path) -> None:
    for said in (
        sentence(call("check", tmp_path)),
        sentence(call("write", tmp_path, "--format", "pth")),
    ):
        assert said.startswith(
            f"{tmp_path} holds neither bundle nor settings.json; name the folder"
        )
