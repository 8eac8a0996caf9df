"""The layout of *FEIDEGGER*: photos of dresses, each with five descriptions in German.

https://github.com/zalandoresearch/feidegger (Lefakis, Akbik, Vollgraf, LREC 2018)

- `FEIDEGGER_release_*.json`: a list of {url, descriptions: [...], split: "0" to "9"}
- `images/<last part of the url>`, which everyone downloads from the URLs

The set has no labels. Mining makes some of the descriptions (`read_described` reads them) and
writes products.csv and labels.json; a folder that has those beside the json is read by them.
Of the ten parts, 0 to 7 are for training, 8 for validation and 9 for testing, as in flair
(https://github.com/flairNLP/flair), whose makers made the set.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, TypeAdapter

from hangtag.errors import DataInvalid
from training.data.dataset import Dataset
from training.data.described_photo import DescribedPhoto
from training.data.json_files import read_json

LOOKED_FOR = "FEIDEGGER_release_*.json (url, descriptions, split) with images/"

_SPLITS = {**{str(part): "train" for part in range(8)}, "8": "validation", "9": "test"}


class _Item(BaseModel):
    url: str
    descriptions: list[str]
    split: Annotated[str, BeforeValidator(str)]


_ITEMS = TypeAdapter(list[_Item])


def matches(folder: Path) -> bool:
    """Whether the folder has this layout."""
    return bool(_releases(folder))


def read(folder: Path) -> Dataset:
    """Refuse the folder: it has no labels yet.

    Raises
    ------
    DataInvalid : always, and says how to make labels of the descriptions.
    """
    raise DataInvalid(
        f"{folder} has descriptions and no labels; make labels of them first, by "
        f"`hangtag labels mine data={folder} out=new-folder`."
    )


def read_described(folder: Path) -> list[DescribedPhoto]:
    """Return the photos, which may not exist, with their descriptions, a line each.

    Raises
    ------
    DataInvalid : if there are several releases, or the json is not as the set has it.
    """
    path, *others = _releases(folder)
    if others:
        raise DataInvalid(f"{folder} has several releases; keep one of {path}, {others[0]}.")
    items = read_json(path, _ITEMS)
    return [_described(path, number, item) for number, item in enumerate(items)]


def _releases(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.json") if p.name.upper().startswith("FEIDEGGER"))


def _described(path: Path, number: int, item: _Item) -> DescribedPhoto:
    name = unquote(urlsplit(item.url).path).rpartition("/")[2]
    if not name:
        raise DataInvalid(f"{path}: {number}: the url {item.url!r} names no photo.")
    if item.split not in _SPLITS:
        raise DataInvalid(f"{path}: {number}: the split {item.split!r} is none of 0 to 9.")
    return DescribedPhoto(
        path=path.parent / "images" / name,
        # Zalando names photos <article>@<number of the photo>.
        product_id=name.partition("@")[0],
        title="",
        description="\n".join(text.strip() for text in item.descriptions),
        split=_SPLITS[item.split],
    )
