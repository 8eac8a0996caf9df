"""From a trained network to its figures and its bundle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hangtag.bundle import Bundle, load_bundle
from hangtag.images.decode import Preprocessing
from hangtag.label_space import LabelSpace
from hangtag.scoring.decisions import FloatArray, select_tags
from hangtag.scoring.scorer import Scorer
from training.calibrate.tuning import LabelledLogits, Tuned, tune
from training.data.measurable import measurable_metrics
from training.data.training_data import Indices, TrainingData
from training.evaluate import save_evaluated, write_report
from training.evaluate.gathering import gather_test_photos
from training.evaluate.metrics import evaluate
from training.evaluate.reference_distribution import reference_distribution
from training.evaluate.results import write_results
from training.evaluate.run_plots import SHEET_PHOTOS
from training.export.bundle import TrainedTagger, write_bundle
from training.export.precisions import CALIBRATION_PHOTOS, JUDGED_PHOTOS, PrecisionSample
from training.model.network import Outputs, TaggerNetwork
from training.settings import TrainingSettings

BUNDLE = "bundle"
_GOLDEN_PHOTOS = 8


def finish_run(
    network: TaggerNetwork,
    outputs: Outputs,
    settings: TrainingSettings,
    data: TrainingData,
    run_folder: Path,
    exported: Path | None = None,
) -> Bundle:
    """Tune, measure on test photos, write figures, plots and the bundle.

    The outputs for photos that the network learned from are not looked at. `exported` is the
    network's ONNX file, if there is one already.
    """
    splits, label_space, logits = data.splits, data.label_space, outputs.logits
    validation, calibration = (
        LabelledLogits(logits[rows], data.targets[rows])
        for rows in (splits.validation, splits.calibration)
    )
    tuned = tune(validation, calibration, label_space, settings)
    scores = Scorer(label_space, tuned.scoring).scores(logits[splits.test])
    thresholds, targets = tuned.tag_thresholds, data.targets[splits.test]
    metrics = measurable_metrics(evaluate(scores, targets, thresholds, label_space))
    evaluated = gather_test_photos(
        data, tuned, scores, outputs.embeddings[splits.test], settings.calibration.target_precision
    )
    save_evaluated(evaluated, run_folder)
    tagger = TrainedTagger(
        network=network,
        label_space=label_space,
        preprocessing=Preprocessing(size_px=settings.data.size_px),
        tuned=tuned,
        settings=settings,
        dataset=data.identity,
        metrics=metrics,
        precision_sample=_precision_sample(data, tuned, logits),
        profile=reference_distribution(scores, tuned.thresholds, label_space),
        exported=exported,
    )
    golden = splits.test[_surest_first(scores, targets, thresholds, label_space)]
    bundle = _replace_bundle(
        tagger, [data.decoded.photos[row].path for row in golden[:_GOLDEN_PHOTOS]], run_folder
    )
    # Pictures last: hours of training must not be lost to one that cannot be drawn.
    write_results(
        photos=[data.decoded.photos[row] for row in splits.test],
        pixels=data.decoded.pixels[splits.test[:SHEET_PHOTOS]],
        targets=targets,
        scores=scores,
        thresholds=thresholds,
        metrics=metrics,
        label_space=label_space,
        run_folder=run_folder,
    )
    write_report(evaluated, run_folder)
    return bundle


def _precision_sample(data: TrainingData, tuned: Tuned, logits: FloatArray) -> PrecisionSample:
    calibration = _evenly(data.splits.train, CALIBRATION_PHOTOS)
    tuned_on = np.concatenate([data.splits.validation, data.splits.calibration])
    judged = _evenly(np.sort(tuned_on), JUDGED_PHOTOS)
    scorer = Scorer(data.label_space, tuned.scoring)
    return PrecisionSample(
        calibration=data.decoded.pixels[calibration],
        judged=data.decoded.pixels[judged],
        targets=data.targets[judged],
        thresholds=tuned.tag_thresholds,
        scorer=scorer,
        label_space=data.label_space,
        known_scores=scorer.scores(logits[judged]),
    )


def _evenly(rows: Indices, count: int) -> Indices:
    """Return at most `count` rows, from the first to the last."""
    chosen: Indices = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    return chosen


def _surest_first(
    scores: FloatArray, targets: FloatArray, thresholds: FloatArray, label_space: LabelSpace
) -> Indices:
    """Order test photos by how many of their tags are wrong: the first is shown as a sample."""
    tags = select_tags(scores, thresholds, label_space)
    wrong = ((tags != (targets == 1)) & ~np.isnan(targets)).sum(axis=1)
    return np.argsort(wrong, kind="stable")


def _replace_bundle(
    tagger: TrainedTagger, golden_photos: Sequence[Path], run_folder: Path
) -> Bundle:
    unfinished, finished = run_folder / f".{BUNDLE}", run_folder / BUNDLE
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        write_bundle(tagger, golden_photos, unfinished)
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.rename(finished)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return load_bundle(finished)
