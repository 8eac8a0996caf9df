"""What libraries make of a full disk is one sentence that names the path, and nothing is lost."""

import errno
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from matplotlib.figure import Figure
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from hangtag.cli.console import one_sentence_errors
from hangtag.errors import DataInvalid, DiskFull
from hangtag.files.full_disk import describe_full_disk, is_full_disk, writing_into
from hangtag.files.whole_file import whole_file, write_whole
from training.export.state_files import write_state
from training.fit.checkpoints import WholeCheckpoints

MANY = 1_000_000
SENTENCE = r"No space left on {} \([\d.]+ MB free\); free some and run again\."


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
    )
    if not mounted or mounted.returncode:
        pytest.skip("only root can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def disk(small_disk: Path) -> Path:
    for path in small_disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return small_disk


def weights() -> dict[str, torch.Tensor]:
    return {"weights": torch.zeros(MANY)}


def save_onnx(folder: Path) -> None:
    values = numpy_helper.from_array(np.zeros((1000, 1000), np.float32), "w")
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1000]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", shapes[:1], shapes[1:], [values]
    )
    onnx.save(helper.make_model(graph), folder / "model.onnx")


def zip_up(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.mar", "w") as archive:
        archive.writestr("weights", bytes(2 * MANY))


def fill_database(folder: Path) -> None:
    database = sqlite3.connect(folder / "log.db")
    try:
        database.execute("create table log(text blob)")
        database.execute(f"insert into log values(zeroblob({2 * MANY}))")
        database.commit()
    finally:
        database.close()


def draw(folder: Path) -> None:
    figure = Figure(figsize=(20, 20))
    figure.subplots().imshow(np.random.default_rng(0).random((1500, 1500)))
    figure.savefig(folder / "plot.png", dpi=100)


def copy_bundle(folder: Path) -> None:
    source = folder.parent / "source"
    source.mkdir(exist_ok=True)
    (source / "weights").write_bytes(bytes(2 * MANY))
    shutil.copytree(source, folder / "bundle")


WRITERS: dict[str, Callable[[Path], object]] = {
    "torch": lambda folder: torch.save(weights(), folder / "a.pth"),
    "torch state": lambda folder: write_state(weights(), folder / "a.pth"),
    "safetensors": lambda folder: save_file(weights(), folder / "a.safetensors"),
    "checkpoint": lambda folder: WholeCheckpoints().save_checkpoint(weights(), folder / "a.ckpt"),
    "numpy": lambda folder: np.save(folder / "a.npy", np.zeros(MANY)),
    "npz": lambda folder: np.savez_compressed(
        folder / "a.npz", a=np.random.default_rng(0).random(MANY)
    ),
    "onnx": save_onnx,
    "zip": zip_up,
    "sqlite": fill_database,
    "plot": draw,
    "copy": copy_bundle,
    "text": lambda folder: (folder / "report.html").write_text("a" * 2 * MANY),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_whatever_writes_says_that_the_disk_is_full(
    writer: str, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @one_sentence_errors
    def command() -> None:
        with writing_into(disk):
            WRITERS[writer](disk)

    with pytest.raises(SystemExit) as leaving:
        command()
    assert leaving.value.code == 1
    said = capsys.readouterr().err.strip()
    assert re.fullmatch(SENTENCE.format(rf"{disk}(/\S+)?"), said), said


def test_a_checkpoint_that_does_not_fit_leaves_nothing_of_itself(disk: Path) -> None:
    kept = disk / "epoch=000.ckpt"
    WholeCheckpoints().save_checkpoint({"weights": torch.zeros(1000)}, kept)
    with pytest.raises(DiskFull, match=f"^No space left on {disk} "):
        WholeCheckpoints().save_checkpoint(weights(), disk / "epoch=001.ckpt")
    assert list(disk.iterdir()) == [kept]
    assert len(torch.load(kept, weights_only=True)["weights"]) == 1000


def test_a_file_of_before_stays_as_it_was(disk: Path) -> None:
    report = disk / "report.json"
    write_whole(report, "before")
    with pytest.raises(OSError, match="No space left"):
        write_whole(report, "a" * 2 * MANY)
    assert report.read_text() == "before"
    assert list(disk.iterdir()) == [report]


def test_a_limit_on_the_size_of_files_is_named(tmp_path: Path) -> None:
    program = (
        "from hangtag.cli.console import one_sentence_errors\n"
        "from pathlib import Path\n"
        "one_sentence_errors(lambda: Path('large').write_bytes(bytes(9000)))()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "A file would be larger than this account may write (ulimit -f); raise the limit and run "
        "again.\n"
    )


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error: I/O error: No space left on device (os error 28)"),
        OSError("1000000 requested and 262128 written"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_what_says_that_it_is_full_is_known_by_its_words(error: Exception) -> None:
    assert is_full_disk(error)


def test_what_came_of_a_full_disk_is_known_by_what_came_before() -> None:
    error = RuntimeError("unexpected pos 576 vs 534")
    error.__context__ = OSError(errno.ENOSPC, "full", "/runs/a/weights.pth")
    assert is_full_disk(error)
    assert describe_full_disk(error).startswith("No space left on /runs/a/weights.pth (")


def test_the_innermost_folder_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match=f"^No space left on {tmp_path}/inner "),
        writing_into(tmp_path),
        writing_into(tmp_path / "inner"),
    ):
        raise OSError(errno.ENOSPC, "full")


def test_of_several_folders_the_full_one_is_named(disk: Path, tmp_path: Path) -> None:
    for folders in ((tmp_path, disk), (disk, tmp_path)):
        with pytest.raises(DiskFull, match=f"^No space left on {disk} "), writing_into(*folders):
            raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("name", [3, b"/runs/a.pth", "/runs/a.pth"])
def test_a_file_may_be_named_by_its_number_or_in_bytes(name: object, tmp_path: Path) -> None:
    said = describe_full_disk(OSError(errno.ENOSPC, "full", name), tmp_path)
    assert said.startswith(f"No space left on {tmp_path if name == 3 else '/runs/a.pth'} (")


def test_what_our_own_sentences_quote_is_no_full_disk(tmp_path: Path) -> None:
    quoting = DataInvalid("The label 'File too large' is none.")
    wrapping = DataInvalid("x.csv cannot be written.")
    wrapping.__cause__ = OSError(errno.ENOSPC, "full")
    assert (is_full_disk(quoting), is_full_disk(wrapping)) == (False, True)
    with pytest.raises(DataInvalid) as caught, writing_into(tmp_path):
        raise quoting
    assert caught.value is quoting


def test_what_one_of_ours_was_raised_while_handling_is_not_what_it_is_about() -> None:
    error = DataInvalid("There is no photo.")
    error.__context__ = RuntimeError("No space left on device")
    assert not is_full_disk(error)


@pytest.mark.parametrize("error", [ValueError("a bug"), DataInvalid("No photos."), OSError(5, "?")])
def test_other_errors_pass(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught, writing_into(tmp_path):
        raise error
    assert caught.value is error


def test_a_whole_file_is_there_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    with whole_file(path) as part:
        part.write_text(json.dumps(1))
        assert not path.exists()
    assert path.read_text() == "1"
    assert list(tmp_path.iterdir()) == [path]
