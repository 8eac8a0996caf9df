"""What recipes teach: binary cross-entropy, or cross-entropy of each exclusive group."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hangtag.label_space import LabelSpace
from hangtag.scoring.hierarchy import hierarchy_indices, subtree_matrix
from hangtag.scoring.scorer import Activation


class RecipeLoss(nn.Module):
    """The loss of logits (B, L) against targets (B, L): 1, 0, or NaN where unknown.

    With `softmax` the cross-entropies of the exclusive groups add up; all else is binary
    cross-entropy, averaged over labels and photos.

    Parameters
    ----------
    hierarchical : whether the lowest group of each hierarchy has the loss of `hierarchy_credit`
    """

    def __init__(
        self, label_space: LabelSpace, activation: Activation, *, hierarchical: bool = False
    ) -> None:
        super().__init__()
        groups = exclusive_groups(label_space) if activation == "softmax" else ()
        credit_of = _hierarchy_credits(label_space) if hierarchical else {}
        self.choices = nn.ModuleList(
            ChoiceLoss(label_space.indices_of_group(name), credit_of.get(name)) for name in groups
        )
        taken = {index for name in groups for index in label_space.indices_of_group(name)}
        rest = [index for index in range(len(label_space)) if index not in taken]
        self.register_buffer("rest", torch.tensor(rest, dtype=torch.long), persistent=False)
        self.rest: Tensor

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        logits = logits.float()
        total = logits.new_zeros(())
        for choice in self.choices:
            total = total + choice(logits, targets)
        if len(self.rest):
            total = total + _binary(logits[:, self.rest], targets[:, self.rest])
        return total


class ChoiceLoss(nn.Module):
    """Minus the log of the credit that the shares of K labels earn, over photos with one of them.

    columns : K positions among the labels
    credit : float32 (K, K), what a row's label earns where the column's is right; by default only
        the right label earns anything: cross-entropy
    """

    def __init__(self, columns: tuple[int, ...], credit: Tensor | None = None) -> None:
        super().__init__()
        earned = torch.eye(len(columns)) if credit is None else credit
        self.register_buffer("columns", torch.tensor(columns), persistent=False)
        self.register_buffer("log_earned", earned.T.log(), persistent=False)
        self.columns: Tensor
        self.log_earned: Tensor  # (right, said)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of logits (B, L) against targets (B, L), a scalar."""
        targets = targets[:, self.columns]
        # NaN > 0 is false: the sum of what is not known is NaN, which is not 1.
        counted = targets.sum(dim=1) == 1
        right = (targets > 0).float().argmax(dim=1)
        shares = logits[:, self.columns].log_softmax(dim=1)
        losses = -(shares + self.log_earned[right]).logsumexp(dim=1)
        return (losses * counted).sum() / counted.sum().clamp(min=1)


def exclusive_groups(label_space: LabelSpace) -> tuple[str, ...]:
    """Return the exclusive groups that have labels."""
    return tuple(
        group.name
        for group in label_space.groups
        if group.exclusive and label_space.indices_of_group(group.name)
    )


def hierarchy_credit(label_space: LabelSpace, hierarchy: tuple[str, ...]) -> Tensor:
    """Return (K, K): what saying a row's lowest label earns where the column's is right.

    The weights of the levels that both have in common: from the top down 1/2, 1/4, …, the last as
    much as the one before, 1 in all (after Wu, Tygert and LeCun 2019,
    https://doi.org/10.1371/journal.pone.0226222).
    """
    indices = hierarchy_indices(label_space, hierarchy)
    lowest = len(label_space.indices_of_group(hierarchy[-1]))
    paths = torch.from_numpy(subtree_matrix(label_space, indices))[-lowest:]  # (K, T)
    halves = [0.5 ** (level + 1) for level in range(len(hierarchy))]
    halves[-1] *= 2
    weights = [
        weight
        for name, weight in zip(hierarchy, halves, strict=True)
        for _ in label_space.indices_of_group(name)
    ]
    # Whatever is above it: the right label earns all.
    return ((paths * torch.tensor(weights)) @ paths.T).fill_diagonal_(1.0)


def _hierarchy_credits(label_space: LabelSpace) -> dict[str, Tensor]:
    return {
        hierarchy[-1]: hierarchy_credit(label_space, hierarchy)
        for hierarchy in label_space.hierarchies
    }


def _binary(logits: Tensor, targets: Tensor) -> Tensor:
    known, targets = ~targets.isnan(), targets.nan_to_num()
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)
