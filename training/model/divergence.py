"""Whether weights, and what a network computes, are numbers."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from training.errors import TrainingDiverged


def all_numbers(tensors: Iterable[Tensor]) -> bool:
    """Whether no value is NaN or infinite."""
    return all(bool(each.isfinite().all()) for each in tensors if each.is_floating_point())


def require_numbers(network: nn.Module, outputs: npt.NDArray[np.float32], what: str) -> None:
    """Check what a network computed of photos.

    Parameters
    ----------
    network : that computed it
    outputs : (N, K)
    what : they are, in words

    Raises
    ------
    TrainingDiverged : if some are NaN or infinite.
    """
    wrong = int((~np.isfinite(outputs)).any(axis=1).sum())
    if not wrong:
        return
    where = "" if all_numbers(network.state_dict().values()) else ", for its weights are none"
    raise TrainingDiverged(
        f"The network's {what} of {wrong:,} of {len(outputs):,} photos are no numbers{where}; "
        "start from other weights: weights=imagenet, packaged, none or another file."
    )
