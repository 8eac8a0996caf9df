"""From the folder a user brings to checked, grouped, split and decoded photos."""

from training.data.dataset import (
    Crop,
    Dataset,
    Problem,
    ProblemKind,
    ProductPhoto,
    label_matrix,
)
from training.data.described_photo import DescribedPhoto
from training.data.descriptions import read_described
from training.data.duplicates import group_photos
from training.data.formats.manifest_lines import PhotoAnswers, WorkerAnswer
from training.data.formats.manifests import read_answers
from training.data.near_duplicates import (
    NearDuplicateAgreement,
    near_duplicate_agreement,
    near_duplicate_pairs,
)
from training.data.photos import DECODED_PHOTOS, DecodedDataset, decode_dataset
from training.data.readers import LAYOUTS, Layout, read_dataset
from training.data.report import check_problems, refuse_empty, with_problems
from training.data.split import Splits, split_dataset
from training.data.split_file import write_splits

__all__ = [
    "DECODED_PHOTOS",
    "LAYOUTS",
    "Crop",
    "Dataset",
    "DecodedDataset",
    "DescribedPhoto",
    "Layout",
    "NearDuplicateAgreement",
    "PhotoAnswers",
    "Problem",
    "ProblemKind",
    "ProductPhoto",
    "Splits",
    "WorkerAnswer",
    "check_problems",
    "decode_dataset",
    "group_photos",
    "label_matrix",
    "near_duplicate_agreement",
    "near_duplicate_pairs",
    "read_answers",
    "read_dataset",
    "read_described",
    "refuse_empty",
    "split_dataset",
    "with_problems",
    "write_splits",
]
