"""From the folder a user brings to checked, grouped, split and decoded photos."""

from training.data.catalogue import Catalogue, Problem, ProblemKind, ProductPhoto, label_matrix
from training.data.duplicates import group_photos
from training.data.photos import DecodedCatalogue, decode_catalogue
from training.data.readers import LAYOUTS, Layout, read_catalogue
from training.data.report import check_problems
from training.data.split import Splits, split_catalogue

__all__ = [
    "LAYOUTS",
    "Catalogue",
    "DecodedCatalogue",
    "Layout",
    "Problem",
    "ProblemKind",
    "ProductPhoto",
    "Splits",
    "check_problems",
    "decode_catalogue",
    "group_photos",
    "label_matrix",
    "read_catalogue",
    "split_catalogue",
]
