"""From a trained network to its figures and its bundle."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hangtag.arrays import FloatArray, Indices
from hangtag.bundle import Bundle, load_bundle
from hangtag.images.decode import Preprocessing
from hangtag.scoring.scorer import Scorer
from training.calibrate.tuning import LabelledLogits, Tuned, tune
from training.data.measurable import measurable_metrics
from training.data.training_data import TrainingData
from training.evaluate import Evaluated, save_evaluated, write_report, write_results
from training.evaluate.gathering import gather_test_photos
from training.evaluate.reference_distribution import reference_distribution
from training.export.bundle import TrainedTagger, write_bundle
from training.export.precisions import CALIBRATION_PHOTOS, JUDGED_PHOTOS, PrecisionSample
from training.layout import BUNDLE, UNFINISHED_BUNDLE
from training.model.network import Outputs, TaggerNetwork
from training.settings import TrainingSettings

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
        metrics=measurable_metrics(evaluated.metrics),
        precision_sample=_precision_sample(data, tuned, logits),
        profile=reference_distribution(scores, tuned.thresholds, label_space),
        exported=exported,
    )
    photos = [data.decoded.photos[row] for row in splits.test]
    golden = [photos[place].path for place in _surest_first(evaluated)[:_GOLDEN_PHOTOS]]
    bundle = _replace_bundle(tagger, golden, run_folder)
    # Pictures last: hours of training must not be lost to one that cannot be drawn.
    write_results(evaluated, photos, run_folder)
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


def _surest_first(evaluated: Evaluated) -> Indices:
    """Order test photos by how many of their tags are wrong: the first is shown as a sample."""
    wrong = ((evaluated.tags != evaluated.true) & evaluated.known).sum(axis=1)
    return np.argsort(wrong, kind="stable")


def _replace_bundle(
    tagger: TrainedTagger, golden_photos: Sequence[Path], run_folder: Path
) -> Bundle:
    unfinished, finished = run_folder / UNFINISHED_BUNDLE, run_folder / BUNDLE
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        write_bundle(tagger, golden_photos, unfinished)
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.rename(finished)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return load_bundle(finished)
