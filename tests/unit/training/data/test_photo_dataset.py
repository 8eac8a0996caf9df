"""Photos by the batch, and in another process."""

import pickle
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.utils.data import DataLoader

from training.data.photo_dataset import PhotoDataset, identity_collate

ROWS = np.array([5, 1, 3, 8])


def pixels() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (40, 3, 32, 32), np.uint8)


def targets() -> npt.NDArray[np.float32]:
    return np.arange(80, dtype=np.float32).reshape(40, 2)


@pytest.fixture
def mapped(tmp_path: Path) -> PhotoDataset:
    """As a run has it: a read-only memory map."""
    np.save(tmp_path / "pixels.npy", pixels())
    return PhotoDataset(np.load(tmp_path / "pixels.npy", mmap_mode="r"), targets(), ROWS)


def test_a_position_is_that_of_a_row_of_its_own(mapped: PhotoDataset) -> None:
    assert len(mapped) == 4
    photo, target = mapped[2]
    assert np.array_equal(photo.numpy(), pixels()[3])
    assert target.tolist() == [6, 7]


def test_a_batch_is_its_photos_one_by_one(mapped: PhotoDataset) -> None:
    batches = DataLoader(mapped, batch_size=3, collate_fn=identity_collate)
    first, last = batches
    assert [len(batch[0]) for batch in (first, last)] == [3, 1]
    for photos, target in (first, last):
        assert photos.dtype == torch.uint8
        assert target.dtype == torch.float32
    assert np.array_equal(torch.cat([first[0], last[0]]).numpy(), pixels()[ROWS])
    assert np.array_equal(torch.cat([first[1], last[1]]).numpy(), targets()[ROWS])


def test_what_a_batch_is_made_into_changes_no_photo(mapped: PhotoDataset) -> None:
    photos, _ = mapped[0]
    photos.zero_()
    assert np.array_equal(mapped[0][0].numpy(), pixels()[5])


def test_another_process_maps_the_file_anew(mapped: PhotoDataset) -> None:
    packed = pickle.dumps(mapped)
    assert len(packed) < pixels().nbytes / 10
    again = pickle.loads(packed)  # noqa: S301
    for position in range(4):
        assert torch.equal(again[position][0], mapped[position][0])
        assert torch.equal(again[position][1], mapped[position][1])


@pytest.mark.parametrize("part", ["array", "slice of a map"])
def test_pixels_that_are_not_a_whole_file_are_copied(part: str, mapped: PhotoDataset) -> None:
    source = pixels() if part == "array" else mapped._pixels
    dataset = PhotoDataset(source[10:], targets()[10:], ROWS)
    again = pickle.loads(pickle.dumps(dataset))  # noqa: S301
    assert np.array_equal(again[0][0].numpy(), pixels()[15])
