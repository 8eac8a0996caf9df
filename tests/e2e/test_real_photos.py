"""Real product photos all the way: make train, make archive, REST (`make verify-real`)."""

import csv
import json
import os
import platform
import subprocess
import time
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest

from hangtag.bundle import load_bundle
from hangtag.engine import load_engine
from hangtag.images.decode import ImageLimits, decode_image
from hangtag.scoring.decisions import select_tags
from server.temporary import serving
from tests.real_photos import FASHION_PRODUCTS, PROJECT, needs_fashion_products
from training.data import label_matrix, read_dataset
from training.evaluate.metrics import micro_f1
from training.export.precisions import tags_equal

MAX_MINUTES = 20
MIN_MICRO_F1 = 0.75
MIN_ARTICLE_TYPE_ACCURACY = 0.70
MAX_SCORE_DIFFERENCE = 1e-3
MAX_F1_LOSS = 0.002
MIN_TAGS_EQUAL = 0.995
COMPARED_PHOTOS = 300
RESULTS = PROJECT / "bench" / "results" / "real_photos.json"


@pytest.mark.slow
@pytest.mark.timeout(60 * 60)
@needs_fashion_products
def test_real_photos_are_learned_and_served_as_trained(tmp_path: Path) -> None:
    started = time.monotonic()
    make("train", f"DATA={FASHION_PRODUCTS}", "BACKBONE=resnet18", "WEIGHTS=none",
         f"RUN={tmp_path / 'run'}")  # fmt: skip
    minutes = (time.monotonic() - started) / 60
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    archive = tmp_path / "real.mar"
    make("archive", f"BUNDLE={tmp_path / 'run' / 'bundle'}", f"ARCHIVE={archive}")
    with serving(in_fp32(archive, tmp_path / "fp32.mar")) as address:
        difference = largest_difference(
            address.predictions_url, tmp_path / "run" / "test_scores.csv"
        )
    precisions = compare_precisions(tmp_path / "run")
    write_results(tmp_path / "run", minutes, metrics, difference, precisions)

    assert metrics["micro_f1"] >= MIN_MICRO_F1
    assert metrics["groups"]["articleType"]["accuracy"] >= MIN_ARTICLE_TYPE_ACCURACY
    assert difference < MAX_SCORE_DIFFERENCE
    assert minutes < MAX_MINUTES
    for each in precisions.values():
        assert each["micro_f1"] >= precisions["fp32"]["micro_f1"] - MAX_F1_LOSS
        assert each["tags_equal"] >= MIN_TAGS_EQUAL


def make(*arguments: str) -> None:
    subprocess.run(["make", "--no-print-directory", *arguments], cwd=PROJECT, check=True)


def in_fp32(archive: Path, target: Path) -> Path:
    """The same archive, served in fp32: its scores are those of training."""
    with zipfile.ZipFile(archive) as fast, zipfile.ZipFile(target, "w") as exact:
        for name in fast.namelist():
            content = fast.read(name)
            if name == "model-config.yaml":
                content = content.replace(b"precision: auto\n", b"precision: fp32\n")
                assert b"precision: fp32" in content
            exact.writestr(name, content)
    return target


def compare_precisions(run: Path) -> dict[str, dict[str, float]]:
    """What each precision that the bundle offers does on all test photos."""
    bundle = load_bundle(run / "bundle")
    with (run / "test_scores.csv").open(newline="") as file:
        paths = [Path(row["image"]).resolve() for row in csv.DictReader(file)]
    dataset = read_dataset(FASHION_PRODUCTS)
    by_path = {photo.path.resolve(): photo for photo in dataset.photos}
    targets = label_matrix([by_path[path] for path in paths], dataset.label_space)
    preprocessing = bundle.manifest.preprocessing
    pixels = np.stack(
        [
            preprocessing.to_model_input(
                decode_image(path.read_bytes(), ImageLimits(), preprocessing.size_px).rgb
            )
            for path in paths
        ]
    )
    thresholds, label_space = bundle.thresholds.tag, bundle.label_space
    scores = {
        precision: bundle.scorer.scores(
            load_engine(bundle.models, precision=precision).run(pixels).logits
        )
        for precision in bundle.models
    }
    exact = select_tags(scores["fp32"], thresholds, label_space)
    return {
        precision: {
            "micro_f1": micro_f1(each, targets, thresholds, label_space),
            "tags_equal": tags_equal(select_tags(each, thresholds, label_space), exact),
            "largest_score_difference": float(np.abs(each - scores["fp32"]).max()),
        }
        for precision, each in scores.items()
    }


def largest_difference(predictions_url: str, test_scores: Path) -> float:
    """Between the scores that training wrote down and those of REST, over some test photos."""
    with httpx.Client(params={"top_k": 10_000}, timeout=60) as client:
        return max(
            row_difference(client, predictions_url, row) for row in compared_rows(test_scores)
        )


def compared_rows(test_scores: Path) -> list[dict[str, str]]:
    with test_scores.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return rows[:: max(1, len(rows) // COMPARED_PHOTOS)]


def row_difference(client: httpx.Client, predictions_url: str, row: dict[str, str]) -> float:
    photo = Path(row["image"]).read_bytes()
    answer = client.post(predictions_url, content=photo, headers={"Content-Type": "image/jpeg"})
    answer.raise_for_status()
    served: dict[str, float] = {
        str(each["id"]): each["score"]
        for group in answer.json()["groups"].values()
        for each in group["candidates"]
    }
    expected = {name: float(score) for name, score in row.items() if name != "image"}
    assert served.keys() == expected.keys()
    return max(abs(served[name] - score) for name, score in expected.items())


def write_results(
    run: Path,
    minutes: float,
    metrics: dict[str, object],
    difference: float,
    precisions: dict[str, dict[str, float]],
) -> None:
    """Keep the figures, with what they were measured on."""
    training = json.loads((run / "bundle" / "tagger.json").read_text())["training"]
    results = {
        "command": "make verify-real",
        "commit": training["commit"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {cpu_model()}",
        "minutes": round(minutes, 1),
        **{name: metrics[name] for name in ("photos", "micro_f1", "macro_f1", "samples_f1", "map")},
        "groups": metrics["groups"],
        "precisions": precisions,
        "rest_largest_score_difference": difference,
        "rest_photos_compared": len(compared_rows(run / "test_scores.csv")),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
