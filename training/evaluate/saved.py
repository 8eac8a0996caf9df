"""What a run keeps of its test photos, so that its page can be made again."""

import json
import zipfile
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from hangtag.bundle import LabelDecision, PredictionSets
from hangtag.errors import DataInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import whole_file
from hangtag.label_space import LabelSpace
from training.data import NearDuplicateAgreement
from training.evaluate.evaluated import Evaluated
from training.evaluate.mistakes import sheet_rows
from training.layout import TEST_PHOTOS, require_finished

_FORMAT_VERSION = 1
_ARRAYS = (
    "scores",
    "targets",
    "duplicate_groups",
    "train_together",
    "sizes_px",
    "sheet_rows",
    "sheet_pixels",
)
_SLICE = "slice: "
_Decisions = TypeAdapter(tuple[LabelDecision, ...])


def save_evaluated(evaluated: Evaluated, run_folder: Path) -> Path:
    """Write test_photos.npz and return its path; of the pixels only those that the page shows."""
    kept = _with_shown_pixels(evaluated)
    arrays: dict[str, Any] = {name: getattr(kept, name) for name in _ARRAYS}
    if kept.embeddings is not None:
        arrays["embeddings"] = kept.embeddings
    arrays |= {_SLICE + name: chosen for name, chosen in kept.slices.items()}
    path = run_folder / TEST_PHOTOS
    with writing_into(run_folder), whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, document=np.array(_document(kept)), **arrays)
    return path


def load_evaluated(run_folder: Path) -> Evaluated:
    """Read what `save_evaluated` wrote.

    Raises
    ------
    DataInvalid : if the file is missing, broken or of another version.
    """
    path = require_finished(run_folder, TEST_PHOTOS)
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return _from_arrays(dict(arrays), path)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise DataInvalid(f"{path} is broken ({error}); train again.") from error


def _document(evaluated: Evaluated) -> str:
    sets = evaluated.prediction_sets
    return json.dumps(
        {
            "format_version": _FORMAT_VERSION,
            "label_space": evaluated.label_space.model_dump(),
            "decisions": _Decisions.dump_python(evaluated.decisions),
            "prediction_sets": sets.model_dump() if sets else None,
            "paths": evaluated.paths,
            "train_photos": evaluated.train_photos,
            "target_precision": evaluated.target_precision,
            "twins": {name: asdict(each) for name, each in evaluated.twins.items()},
        }
    )


def _from_arrays(arrays: dict[str, Any], path: Path) -> Evaluated:
    document = json.loads(str(arrays["document"]))
    if document["format_version"] != _FORMAT_VERSION:
        raise DataInvalid(f"{path} was written by another version of Hangtag; train again.")
    sets = document["prediction_sets"]
    return Evaluated(
        label_space=LabelSpace.model_validate(document["label_space"]),
        decisions=tuple(LabelDecision.model_validate(each) for each in document["decisions"]),
        prediction_sets=PredictionSets.model_validate(sets) if sets else None,
        paths=tuple(document["paths"]),
        train_photos=document["train_photos"],
        target_precision=document["target_precision"],
        # Runs of earlier releases did not keep them.
        twins={
            name: NearDuplicateAgreement(**each) for name, each in document.get("twins", {}).items()
        },
        embeddings=arrays.get("embeddings"),
        slices={
            name.removeprefix(_SLICE): chosen
            for name, chosen in arrays.items()
            if name.startswith(_SLICE)
        },
        **{name: arrays[name] for name in _ARRAYS},
    )


def _with_shown_pixels(evaluated: Evaluated) -> Evaluated:
    shown = np.isin(evaluated.sheet_rows, sheet_rows(evaluated))
    return replace(
        evaluated,
        sheet_rows=evaluated.sheet_rows[shown],
        sheet_pixels=evaluated.sheet_pixels[shown],
    )
