"""What a network is taught: the loss of its logits, with unknown labels left out."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hangtag.label_space import LabelSpace
from hangtag.scoring.hierarchy import hierarchy_indices, subtree_matrix
from hangtag.scoring.scorer import Activation, GroupScoring
from training.settings import LossName

# Ridnik et al. 2021, https://arxiv.org/abs/2009.14119, their defaults.
_NEGATIVE_FOCUS = 4.0
_MARGIN = 0.05
# Lin et al. 2017, https://arxiv.org/abs/1708.02002.
_FOCUS = 2.0
_IMPOSSIBLE = -1e4


def activation_of(loss: LossName) -> Activation:
    """Return what makes scores of logits that were taught by a loss."""
    return "softmax" if loss == "softmax" else "sigmoid"


def initial_scoring(label_space: LabelSpace, loss: LossName) -> tuple[GroupScoring, ...]:
    """Return the scoring of each group before calibration."""
    return tuple(
        GroupScoring(
            group=group.name, activation=activation_of(loss) if group.exclusive else "sigmoid"
        )
        for group in label_space.groups
    )


class TaggingLoss(nn.Module):
    """The loss of logits (B, L) against targets (B, L): 1, 0, or NaN where unknown.

    `softmax` takes one softmax for each hierarchy (see hangtag/scoring/scorer.py), and binary
    cross-entropy for the groups that may hold several labels; the others are `bce`, `asymmetric`
    and `focal` over all labels. Summed over hierarchies and labels, averaged over photos.

    Parameters
    ----------
    weights : float32 (L,), how much each label counts; None for all alike
    """

    def __init__(
        self,
        label_space: LabelSpace,
        loss: LossName,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        hierarchies = label_space.hierarchies if activation_of(loss) == "softmax" else ()
        self.hierarchies = nn.ModuleList(
            HierarchyLoss(label_space, hierarchy, weights, label_smoothing)
            for hierarchy in hierarchies
        )
        taken = {
            index
            for hierarchy in hierarchies
            for index in hierarchy_indices(label_space, hierarchy)
        }
        rest = [index for index in range(len(label_space)) if index not in taken]
        self.loss = loss
        self.register_buffer("rest", torch.tensor(rest, dtype=torch.long), persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        self.rest: Tensor
        self.weights: Tensor | None

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        logits = logits.float()
        total = logits.new_zeros(())
        for hierarchy in self.hierarchies:
            total = total + hierarchy(logits, targets)
        if len(self.rest):
            total = total + self._binary(logits[:, self.rest], targets[:, self.rest])
        return total

    def _binary(self, logits: Tensor, targets: Tensor) -> Tensor:
        known, targets = ~targets.isnan(), targets.nan_to_num()
        losses = _binary_losses(logits, targets, self.loss) * known
        if self.weights is not None:
            losses = losses * self.weights[self.rest]
        return losses.sum() / len(logits)


class HierarchyLoss(nn.Module):
    """Cross-entropy of one hierarchy: minus the log of the share of all that the targets allow.

    The softmax is over what a photo may show: each label of the hierarchy and nothing more
    specific, or none of them. Known labels rule out what contradicts them; of a photo whose lowest
    level is unknown, everything below its known label is right.
    """

    def __init__(
        self,
        label_space: LabelSpace,
        hierarchy: Sequence[str],
        weights: Tensor | None,
        label_smoothing: float,
    ) -> None:
        super().__init__()
        indices = hierarchy_indices(label_space, hierarchy)
        subtrees = torch.from_numpy(subtree_matrix(label_space, indices))
        none = torch.zeros(1, len(indices))
        self.label_smoothing = label_smoothing
        self.register_buffer("indices", torch.tensor(indices, dtype=torch.long), persistent=False)
        # (T + 1, T): what may be shown, and the labels that then hold.
        self.register_buffer("implied", torch.cat([subtrees, none]), persistent=False)
        weight = torch.ones(len(indices)) if weights is None else weights[indices]
        self.register_buffer("weight", torch.cat([weight, weight.new_ones(1)]), persistent=False)
        self.indices: Tensor
        self.implied: Tensor
        self.weight: Tensor

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of logits (B, L) against targets (B, L), a scalar."""
        logits, targets = logits[:, self.indices], targets[:, self.indices]
        shares = functional.pad(logits, (0, 1)).log_softmax(dim=1)  # (B, T + 1)
        allowed = self.allowed(targets)
        losses = -shares.masked_fill(~allowed, _IMPOSSIBLE).logsumexp(dim=1)
        if self.label_smoothing:
            # Where several are allowed, being less sure would teach something about the unknown.
            smoothing = self.label_smoothing * (allowed.sum(dim=1) == 1)
            losses = losses + smoothing * (-shares.mean(dim=1) - losses)
        # Nothing known, and contradictions, teach nothing.
        counts = allowed.any(dim=1) & ~allowed.all(dim=1)
        weight = (allowed * self.weight).sum(dim=1) / allowed.sum(dim=1).clamp(min=1)
        return (losses * weight * counts).sum() / len(logits)

    def allowed(self, targets: Tensor) -> Tensor:
        """Return bool (B, T + 1): what may be shown, given targets (B, T)."""
        known, holds = (~targets.isnan()).float(), targets.nan_to_num()
        missing = (known * holds) @ (1 - self.implied).T
        excess = (known * (1 - holds)) @ self.implied.T
        return missing + excess < 0.5


def _binary_losses(logits: Tensor, targets: Tensor, loss: LossName) -> Tensor:
    """Return (B, L) losses of each label by itself."""
    if loss == "asymmetric":
        return _asymmetric(logits, targets)
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    if loss == "focal":
        right = torch.exp(-losses.detach())
        return (1 - right) ** _FOCUS * losses
    return losses


def _asymmetric(logits: Tensor, targets: Tensor) -> Tensor:
    """Asymmetric loss: easy negatives count less, and below the margin not at all."""
    positive = functional.logsigmoid(logits)
    shifted = (torch.sigmoid(logits) - _MARGIN).clamp(min=0)
    negative = torch.log1p(-shifted.clamp(max=1 - 1e-6)) * shifted.detach() ** _NEGATIVE_FOCUS
    return -(targets * positive + (1 - targets) * negative)
