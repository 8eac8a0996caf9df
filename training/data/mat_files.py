"""Variables of MATLAB files (up to version 7); what is wrong with one is one sentence."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hangtag.errors import DataInvalid

# What scipy raises on files that are no .mat file, cut short, or of version 7.3 (which is HDF5).
_UNREADABLE = (ValueError, TypeError, IndexError, NotImplementedError, zlib.error)


def read_numbers(path: Path, variable: str) -> npt.NDArray[np.float64]:
    """Return a numeric variable as float64 of shape (N,), in MATLAB's order of elements.

    Raises
    ------
    DataInvalid : if the file cannot be read, or has no such variable of numbers.
    """
    value = np.asarray(_read_variable(path, variable))
    if not np.issubdtype(value.dtype, np.number):
        raise DataInvalid(f"{path}: its variable {variable} does not hold numbers.")
    return value.astype(np.float64).ravel(order="F")


def read_texts(path: Path, variable: str) -> list[str]:
    """Return a cell array of texts.

    Raises
    ------
    DataInvalid : if the file cannot be read, or has no such variable of texts.
    """
    value = np.atleast_1d(_read_variable(path, variable))
    texts: list[str] = value.ravel(order="F").tolist()
    if not all(isinstance(text, str) for text in texts):
        raise DataInvalid(f"{path}: its variable {variable} does not hold texts.")
    return texts


def _read_variable(path: Path, variable: str) -> Any:
    # Imported late: few datasets have such files, and it takes as long as all the other readers.
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        with path.open("rb") as file:
            variables = loadmat(file, simplify_cells=True)
    except OSError as error:
        reason = error.strerror or "it is cut short"
        raise DataInvalid(f"{path} cannot be read: {reason}.") from error
    except (MatReadError, *_UNREADABLE) as error:
        raise DataInvalid(
            f"{path} is no MATLAB file, or broken, or of version 7.3 ({error}); download it again, "
            "or save it in MATLAB with '-v7'."
        ) from error
    if variable not in variables:
        raise DataInvalid(f"{path} lacks the variable {variable}.")
    return variables[variable]
