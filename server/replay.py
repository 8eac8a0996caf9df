"""Runs an unpacked archive's handler on its golden inputs, as TorchServe's worker would.

`python -m server.replay FOLDER`, in a process of its own whose path starts with FOLDER, so that
the handler and the `hangtag` package come out of the archive. Exit code 1 and one sentence if an
answer is not what the bundle promises.
"""

import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

import hangtag
from hangtag.bundle import load_bundle
from hangtag.cli.console import one_sentence_errors, run_command
from hangtag.engine import DECIDED_PRECISION, Precision
from hangtag.errors import ArchiveInvalid
from hangtag.settings import MODEL_CONFIG
from server.speed import measure_speed
from server.worker_protocol import WorkerResponse, decode_responses

# A score in bf16 or int8 may be off by this many times what it was off where the bundle was made.
_SLACK = 4


@one_sentence_errors
def main(folder: Path) -> None:
    """Replay the golden inputs of the archive that was unpacked into `folder`.

    Raises
    ------
    ArchiveInvalid : if a score differs by more than the bundle's tolerance.
    """
    if not Path(hangtag.__file__).is_relative_to(folder.resolve()):
        raise ArchiveInvalid(f"The hangtag package of {folder} is not the one that was loaded.")
    manifest = json.loads((folder / "bundle" / "tagger.json").read_text(encoding="utf-8"))
    speed = measure_speed(load_bundle(folder / "bundle"))
    precision = _served_precision(folder, speed.precision)
    exact = _replay(folder, manifest, "fp32")
    _require(exact, manifest["golden_tolerance"], "fp32")
    served = exact
    if precision != "fp32":
        served = _replay(folder, manifest, precision)
        _require(served, _tolerance(manifest, precision), precision)
    print(
        json.dumps(
            {
                "golden": len(manifest["golden"]),
                "largest_difference": exact,
                "precision": precision,
                "served_difference": served,
                "speed": speed.model_dump(),
            }
        )
    )


def _replay(folder: Path, manifest: dict[str, Any], precision: str) -> float:
    """Return the largest difference of a score, of photos in one batch and alone."""
    labels = json.loads((folder / "bundle" / "labels.json").read_text(encoding="utf-8"))["labels"]
    _set_precision(folder, precision)
    service = load_service(folder)
    photos = [(folder / "bundle" / golden["file"]).read_bytes() for golden in manifest["golden"]]
    together = answer(service, photos)
    alone = [answer(service, [photo])[0] for photo in photos]
    differences = [
        _difference(response, golden["scores"], labels)
        for response, golden in zip([*together, *alone], manifest["golden"] * 2, strict=True)
    ]
    return max(differences, default=0.0)


def _require(difference: float, tolerance: float, precision: str) -> None:
    if difference > tolerance:
        raise ArchiveInvalid(
            f"The packaged handler's scores in {precision} differ by {difference:.4f} from those "
            f"of training, more than {tolerance:.4f}; the archive was not made."
        )


def _served_precision(folder: Path, fastest: Precision) -> str:
    """Return what the archive will be served in here: the fastest, if it sets no other."""
    os.environ[DECIDED_PRECISION] = fastest
    described = load_service(folder).predict(
        [
            {
                "requestId": b"d",
                "headers": [{"name": b"describe", "value": b"True"}],
                "parameters": [],
            }
        ]
    )
    return str(json.loads(decode_responses(described)[0].body)["precision"])


def _tolerance(manifest: dict[str, Any], precision: str) -> float:
    """Return how far a golden score may be off: other processors round in other places."""
    measured = (manifest["precisions"] or {}).get("measured", [])
    differences = [each["golden_difference"] for each in measured if each["precision"] == precision]
    return float(max([manifest["golden_tolerance"], *(_SLACK * each for each in differences)]))


def _set_precision(folder: Path, precision: str) -> None:
    path = folder / MODEL_CONFIG
    config = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    config["hangtag"] = {**(config.get("hangtag") or {}), "precision": precision}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def load_service(folder: Path) -> Any:
    """Load an unpacked archive with TorchServe's own model loader; return its ts Service."""
    import ts
    from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
    from ts.model_loader import ModelLoaderFactory

    os.environ["TS_DECODE_INPUT_REQUEST"] = "false"
    # TorchServe's own: the edge counts what we measure.
    declared = Path(ts.__file__).parent / "configs" / "metrics.yaml"
    metrics = MetricsCacheYamlImpl(config_file_path=str(declared))
    metrics.initialize_cache()
    model = json.loads((folder / "MAR-INF" / "MANIFEST.json").read_text(encoding="utf-8"))["model"]
    service = ModelLoaderFactory.get_model_loader().load(
        "tagger", str(folder), handler=model["handler"], batch_size=8, metrics_cache=metrics
    )
    service.set_cl_socket(None)
    return service


def answer(service: Any, photos: Sequence[bytes]) -> list[WorkerResponse]:
    """Send photos as one batch of raw bodies that ask for the score of every label."""
    batch = [
        {
            "requestId": f"golden-{number}".encode(),
            "headers": [{"name": b"Content-Type", "value": b"application/octet-stream"}],
            "parameters": [
                {"name": "top_k", "contentType": "", "value": bytearray(b"10000")},
                {"name": "body", "contentType": "", "value": bytearray(photo)},
            ],
        }
        for number, photo in enumerate(photos)
    ]
    return decode_responses(service.predict(batch))


def _difference(
    response: WorkerResponse, expected: Sequence[float], labels: Sequence[dict[str, Any]]
) -> float:
    if response.status != 200:
        raise ArchiveInvalid(f"A golden photo was refused: {response.body.decode()}")
    groups = json.loads(response.body)["groups"].values()
    scores = {each["id"]: each["score"] for group in groups for each in group["candidates"]}
    differences = (
        abs(float(scores[label["id"]]) - score)
        for label, score in zip(labels, expected, strict=True)
    )
    return max(differences)


if __name__ == "__main__":
    run_command(partial(main, Path(sys.argv[1])))
