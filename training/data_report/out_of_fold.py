"""Scores of every photo by a head that has not learned from it, nor from its twins."""

import numpy as np
import torch
from sklearn.model_selection import GroupKFold

from hangtag.arrays import FloatArray, Indices
from hangtag.errors import DataInvalid
from hangtag.scoring.scorer import Scorer
from training.data_report.dataset import SIZE_PX, ReportedDataset
from training.fit.linear_probe import embed_photos, fit_head
from training.model.building import build_network
from training.model.losses import initial_scoring
from training.settings import make_settings


def out_of_fold_scores(dataset: ReportedDataset, fold_count: int) -> FloatArray:
    """Return the scores (N, L), by quick mode with the packaged weights and its own settings.

    Photos of one product and near-duplicates lie in the same fold: else a wrong label would be
    confirmed by its copy.

    Raises
    ------
    DataInvalid : if there are fewer products than folds.
    WeightsUnavailable : if the package with the weights is not installed.
    """
    folds = make_folds(dataset.products, fold_count)
    settings = make_settings(dataset.folder, {"quick": True, "data.size_px": SIZE_PX})
    network = build_network(settings, settings.network.weights, dataset.label_space)
    embeddings = embed_photos(network, dataset.pixels, settings)
    logits = np.zeros_like(dataset.targets)
    for number, (learned, held_out) in enumerate(folds, start=1):
        print(f"Fitting head {number} of {len(folds)}, to score {len(held_out):,} photos.")
        targets = dataset.targets[learned]
        fit_head(network, embeddings[learned], targets, dataset.label_space, settings)
        with torch.no_grad():
            scored = network.head.eval()(torch.from_numpy(embeddings[held_out]))
        logits[held_out] = scored.numpy()
    scoring = initial_scoring(dataset.label_space, settings.loss.name)
    return Scorer(dataset.label_space, scoring).scores(logits)


def make_folds(groups: Indices, fold_count: int) -> list[tuple[Indices, Indices]]:
    """Return the rows to learn from and those held out, of each fold; no group crosses.

    Raises
    ------
    DataInvalid : if there are fewer groups than folds.
    """
    group_count = len(np.unique(groups))
    if group_count < fold_count:
        raise DataInvalid(
            f"The dataset has {group_count} different products, too few for {fold_count} folds; "
            "take fewer, or leave the scores out with --no-scores."
        )
    return list(GroupKFold(fold_count).split(groups, groups=groups))
