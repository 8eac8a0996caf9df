"""The systems that the benchmark measures, each for a second, with networks of no size."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
import torch

from bench.load import measure_load
from bench.photos import SMALL, PhotoSet
from bench.raw_limit import BATCHES, RawEngines, search
from bench.stock_model import write_stock_archive
from bench.stock_server import DOCUMENTED, serve_stock
from hangtag.bundle import Bundle
from hangtag.hardware import usable_cores
from loadtest.processes import read_memory
from loadtest.served import serve_hangtag
from server.tagger_server import BackendName
from tests.tiny_tagger import BLUE, GREEN, RED, photo

COLOURS: Mapping[str, tuple[int, int, int]] = {"red": RED, "green": GREEN, "blue": BLUE}
# The handler names the five most probable classes.
CLASSES = (*COLOURS, "fourth", "fifth")

needs_captum = pytest.mark.skipif(
    importlib.util.find_spec("captum") is None,
    reason="TorchServe's image_classifier handler imports captum",
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> PhotoSet:
    folder = tmp_path_factory.mktemp("photos")
    for name, colour in COLOURS.items():
        (folder / f"{name}.jpg").write_bytes(photo(colour, (224, 224)))
    return PhotoSet(SMALL, tuple(sorted(folder.iterdir())))


class MeanColour(torch.nn.Module):
    """Normalised photos to logits: the mean of each channel, and two classes that never win."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        means = photos.mean(dim=(2, 3))
        return torch.cat([means, means[:, :2] - 100], dim=1)


@needs_captum
def test_the_stock_handler_is_served_as_documented(tmp_path: Path, photos: PhotoSet) -> None:
    archive = write_stock_archive(MeanColour(), CLASSES, tmp_path)
    with serve_stock(archive, DOCUMENTED, tmp_path / "logs") as served:
        assert served.settings["workers"] == usable_cores()
        for name, colour in COLOURS.items():
            answer = httpx.post(served.predictions_url, content=photo(colour, (224, 224)))
            assert answer.status_code == 200
            # The most probable first, by their names.
            assert next(iter(answer.json())) == name
        figures = measure_load(served.predictions_url, served.pid, photos.bodies(), 2, 1)
        processes = [each.process for each in read_memory(served.pid)]
    assert figures.photos > 0
    # It waits 50 ms for a batch that two clients cannot fill.
    assert figures.p50_ms > DOCUMENTED.max_batch_delay_ms
    assert processes.count("JVM") == 1
    assert processes.count("worker") == usable_cores()


@pytest.mark.parametrize(
    ("backend", "before"), [("torchserve", ["JVM", "edge"]), ("local", ["edge"])]
)
def test_hangtag_is_served_as_make_serve_does(
    backend: BackendName, before: list[str], tiny_archive: Path, photos: PhotoSet
) -> None:
    with serve_hangtag(tiny_archive, backend) as served:
        figures = measure_load(served.predictions_url, served.pid, photos.bodies(), 2, 1)
        processes = [each.process for each in read_memory(served.pid)]
    assert figures.photos > 0
    assert 0 < figures.cpu_s_per_photo < 1
    assert served.startup_s > 0
    if backend == "torchserve":
        assert served.settings["precision"] in ("fp32", "bf16", "int8")
    assert sorted(processes) == before + ["worker"] * served.settings["workers"]


def test_the_raw_engine_works_in_several_processes(tiny_bundle: Bundle, photos: PhotoSet) -> None:
    with RawEngines(tiny_bundle.folder, processes=2, threads=1) as engines:
        figures = engines.measure(photos, batch=4, seconds=0.5)
        settings = engines.describe(batch=4)
        memory = engines.memory()
    assert figures.photos >= 8
    assert figures.photos % 4 == 0
    assert figures.photos_per_s == pytest.approx(figures.photos / 0.5, rel=0.5)
    assert figures.p50_ms > 0
    assert figures.cpu_s_per_photo > 0
    assert (settings["processes"], settings["threads"], settings["batch"]) == (2, 1, 4)
    assert len(memory) == 2


def test_each_division_of_the_cores_is_tried(tiny_bundle: Bundle, photos: PhotoSet) -> None:
    steps: list[str] = []
    speeds = search(tiny_bundle.folder, photos, 1, 0.2, steps.append)
    tried = [(each.processes, each.threads, each.batch) for each in speeds]
    assert tried == [(1, 1, batch) for batch in BATCHES]
    assert len(steps) == len(tried)
    assert min(speeds.values()) > 0
