"""Which layout a dataset folder has, and who reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import DataInvalid
from training.data.dataset import Dataset
from training.data.formats import (
    class_id_csv,
    clothing_co_parsing,
    deepfashion,
    fashion_styles,
    feidegger,
    imaterialist,
    manifests,
    products_csv,
    stanford_attributes,
)
from training.layout import require_folder


@dataclass(frozen=True)
class Layout:
    """One way to lay out a dataset; `looked_for` says in words what `matches` recognises."""

    looked_for: str
    matches: Callable[[Path], bool]
    read: Callable[[Path], Dataset]


# Another layout is another module with these three names; the first that matches reads.
LAYOUTS = tuple(
    Layout(module.LOOKED_FOR, module.matches, module.read)
    for module in (
        products_csv,  # first: it may lie beside the files of an unlabelled set
        fashion_styles,
        imaterialist,
        deepfashion,
        feidegger,
        clothing_co_parsing,
        stanford_attributes,
        class_id_csv,
        manifests,
    )
)


def read_dataset(folder: Path) -> Dataset:
    """Read a dataset folder of any known layout.

    Rows that cannot be used are in `Dataset.problems`, not raised: see `check_problems`.

    Raises
    ------
    DataInvalid : if it is no folder, has no known layout, or its files are unusable.
    LabelSpaceInvalid : if labels.json is missing or contradicts itself.
    """
    return find_layout(folder).read(folder)


def find_layout(folder: Path) -> Layout:
    """Return the layout of a dataset folder.

    Raises
    ------
    DataInvalid : if it is no folder, or has no layout that is known.
    """
    require_folder(folder)
    for layout in LAYOUTS:
        if layout.matches(folder):
            return layout
    _refuse_products_by_another_name(folder)
    looked_for = "; or ".join(layout.looked_for for layout in LAYOUTS)
    raise DataInvalid(f"{folder} has no layout that is known; looked for: {looked_for}.")


def _refuse_products_by_another_name(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.casefold() in ("products", "products.csv"):
            raise DataInvalid(f"{path} must be called products.csv; save it as 'CSV UTF-8'.")
