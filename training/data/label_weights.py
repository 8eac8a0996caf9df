"""How much each label counts in the loss."""

from torch import Tensor


def label_weights(targets: Tensor, power: float) -> Tensor | None:
    """Return (L,): how much each label counts, n ** -power for n photos, 1 on average over photos.

    targets (N, L), of the photos to learn from; None where all labels count alike.
    """
    if power == 0:
        return None
    counts = (targets == 1).sum(dim=0)
    weights = counts.clamp(min=1).float() ** -power
    return weights * counts.sum() / (weights * counts).sum().clamp(min=1e-12)
