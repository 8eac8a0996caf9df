"""The photos of a run: read, decoded, checked, grouped and split."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from hangtag.arrays import FloatArray, Indices
from hangtag.bundle import DatasetIdentity, digest_of_parts
from hangtag.errors import DataInvalid
from hangtag.images.decode import Preprocessing
from hangtag.label_space import LabelSpace
from training.data import (
    DECODED_PHOTOS,
    Dataset,
    DecodedDataset,
    Splits,
    check_problems,
    decode_dataset,
    group_photos,
    label_matrix,
    refuse_empty,
    split_dataset,
    with_problems,
    write_splits,
)
from training.data.label_weights import label_weights
from training.data.learnability import doubts, require_different_pictures
from training.data.photo_dataset import Batch, PhotoDataset, identity_collate
from training.data.sampling import EpochSampler, ShareSampler, draws_of_photos
from training.data.split import SPLITS
from training.layout import DATA_REPORT, SPLITS_FILE
from training.settings import TrainingSettings

_PREDICTION_BATCH = 64


@dataclass(frozen=True)
class TrainingData:
    """Decoded photos with their targets (N, L) and splits."""

    decoded: DecodedDataset
    label_space: LabelSpace
    targets: FloatArray
    splits: Splits
    identity: DatasetIdentity
    # int (N,): photos of one group never lie in two splits.
    duplicate_groups: Indices

    def label_weights(self, power: float) -> Tensor | None:
        """Return how much each label counts in training, (L,); None for all alike."""
        return label_weights(torch.from_numpy(self.targets[self.splits.train]), power)

    def train_dataloader(self, settings: TrainingSettings, processes: int = 1) -> DataLoader[Batch]:
        """Return batches of the training photos, in an order that seed and epoch decide."""
        train = self.splits.train
        draws = draws_of_photos(self.targets[train], settings.data.balance_max_count)
        sampler = EpochSampler(draws, settings.seed, processes)
        return self._batches(train, settings.data.batch_size, sampler, whole_only=True)

    def shuffled(self, indices: Indices, *, batch_size: int, seed: int) -> DataLoader[Batch]:
        """Return batches of photos, each once an epoch, in an order that seed and epoch decide."""
        sampler = EpochSampler(np.ones(len(indices), np.float32), seed)
        return self._batches(indices, batch_size, sampler, whole_only=True)

    def dataloaders(
        self, settings: TrainingSettings, processes: int
    ) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
        """Return batches of the training photos, and of those to validate on."""
        return (
            self.train_dataloader(settings, processes),
            self.subset(self.splits.validation, processes=processes),
        )

    def subset(
        self, indices: Indices, *, batch_size: int = _PREDICTION_BATCH, processes: int = 1
    ) -> DataLoader[Batch]:
        """Return batches of (pixels uint8 (B, 3, S, S), targets (B, L)), in order.

        Of several processes, each gets its share.
        """
        sampler = ShareSampler(len(indices), processes)
        return self._batches(indices, batch_size, sampler, whole_only=False)

    def _batches(
        self,
        indices: Indices,
        batch_size: int,
        sampler: EpochSampler | ShareSampler,
        *,
        whole_only: bool,
    ) -> DataLoader[Batch]:
        return DataLoader(
            PhotoDataset(self.decoded.pixels, self.targets, indices),
            batch_size=batch_size,
            sampler=sampler,
            # A last batch of one photo would break batch norm.
            drop_last=whole_only and len(sampler) > batch_size,
            collate_fn=identity_collate,
            pin_memory=torch.cuda.is_available(),
        )


def prepare_data(dataset: Dataset, settings: TrainingSettings, run_folder: Path) -> TrainingData:
    """Read the photos of a run, and write how they were split and what was wrong with them.

    Raises
    ------
    DataInvalid : if there are problems and the settings do not say to go on without those photos.
    """
    data = read_data(dataset, settings, run_folder)
    write_data(data, run_folder)
    return data


def read_data(dataset: Dataset, settings: TrainingSettings, run_folder: Path) -> TrainingData:
    """Decode, check, group and split the photos of a dataset.

    Nothing is written but the report of problems that end the run: the folder may turn out to be
    another run's.

    Raises
    ------
    DataInvalid : if there are problems and the settings do not say to go on without those photos.
    """
    preprocessing = Preprocessing(size_px=settings.data.size_px)
    decoded = decode_dataset(dataset, preprocessing, settings.data.limits, DECODED_PHOTOS)
    if decoded.problems and not settings.data.skip_bad:
        check_problems(decoded.problems, run_folder / DATA_REPORT, skip_bad=False)
    refuse_empty(decoded.problems, len(decoded.photos), run_folder / DATA_REPORT)
    require_different_pictures(decoded.hashes, decoded.colours)
    groups = group_photos(
        decoded.photos, decoded.hashes, decoded.colours, by_title=settings.data.group_by == "title"
    )
    targets = label_matrix(decoded.photos, dataset.label_space)
    given = [photo.split for photo in decoded.photos]
    try:
        splits = split_dataset(groups, targets, given, seed=settings.seed)
    except DataInvalid as error:
        raise with_problems(error, decoded.problems, run_folder / DATA_REPORT) from error
    print(
        f"{len(decoded.photos):,} photos: {len(splits.train):,} to learn from, "
        f"{len(splits.validation):,} to tune on, {len(splits.calibration):,} to calibrate on, "
        f"{len(splits.test):,} to test on."
    )
    if len(splits.left_out):
        print(
            f"{len(splits.left_out)} photos are left out: a near-duplicate of each was given "
            "another split."
        )
    train = splits.train
    require_different_pictures(
        decoded.hashes[train], decoded.colours[train], "photos to learn from"
    )
    identity = DatasetIdentity(
        source=dataset.source,
        sha256=_dataset_digest(decoded, targets, dataset.label_space, splits),
        photos=len(decoded.photos),
        products=len({photo.product_id for photo in decoded.photos}),
    )
    for doubt in doubts(decoded, targets, splits, dataset.label_space):
        print(f"Note: {doubt}", file=sys.stderr)
    return TrainingData(decoded, dataset.label_space, targets, splits, identity, groups)


def write_data(data: TrainingData, run_folder: Path) -> None:
    """Write data_report.json, of what was left out, and splits.csv."""
    check_problems(data.decoded.problems, run_folder / DATA_REPORT, skip_bad=True)
    write_splits(data.decoded.photos, data.duplicate_groups, data.splits, run_folder / SPLITS_FILE)


def _dataset_digest(
    decoded: DecodedDataset, targets: FloatArray, label_space: LabelSpace, splits: Splits
) -> str:
    names = "\n".join(f"{photo.product_id}\t{photo.path.name}" for photo in decoded.photos)
    return digest_of_parts(
        [
            label_space.to_json().encode(),
            names.encode(),
            targets.tobytes(),
            np.asarray(decoded.hashes).tobytes(),
            *(np.asarray(getattr(splits, name), np.int64).tobytes() for name in SPLITS),
        ]
    )
