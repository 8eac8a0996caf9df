"""Embeddings of one label drawn together, those of others pushed apart: for finding similar photos.

Supervised contrastive loss, Khosla et al. 2020, https://arxiv.org/abs/2004.11362 (L_out, eq. 2).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hangtag.errors import SettingsInvalid
from hangtag.label_space import LabelSpace

# The paper's.
_TEMPERATURE = 0.1
_ITSELF = -1e4
_NO_CLASS = -1


def contrastive_group(label_space: LabelSpace, wanted: str | None) -> str:
    """Return the exclusive group that says which photos are alike; by default the largest.

    Raises
    ------
    SettingsInvalid : if it is no exclusive group.
    """
    exclusive = [group.name for group in label_space.groups if group.exclusive]
    if wanted is None and exclusive:
        return max(exclusive, key=lambda name: len(label_space.indices_of_group(name)))
    if wanted is None or wanted not in exclusive:
        raise SettingsInvalid(
            f"loss.contrastive_group={wanted or '…'} must be an exclusive group: "
            + (", ".join(exclusive) or "there is none, so leave contrastive_weight at 0")
            + "."
        )
    return wanted


class ContrastiveLoss(nn.Module):
    """The loss of embeddings (B, E) of photos with targets (B, L).

    Of a batch, a photo's positives are the others with its label in the group; photos without a
    known label there are left out. 0 where no two photos share a label.
    """

    def __init__(self, label_space: LabelSpace, group: str | None) -> None:
        super().__init__()
        name = contrastive_group(label_space, group)
        indices = torch.tensor(label_space.indices_of_group(name), dtype=torch.long)
        self.register_buffer("indices", indices, persistent=False)
        self.indices: Tensor

    def forward(self, embeddings: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over the photos that have a positive, a scalar."""
        classes = self.classes(targets)
        known = classes != _NO_CLASS
        embeddings, classes = embeddings[known].float(), classes[known]
        # Of bf16's products, divided by the temperature, little would be left.
        with torch.autocast(embeddings.device.type, enabled=False):
            directions = functional.normalize(embeddings, dim=1)  # (K, E)
            similarity = directions @ directions.T / _TEMPERATURE  # (K, K)
        itself = torch.eye(len(classes), dtype=torch.bool, device=classes.device)
        shares = similarity.masked_fill(itself, _ITSELF).log_softmax(dim=1)
        positive = (classes[:, None] == classes) & ~itself
        count = positive.sum(dim=1)
        losses = -(shares * positive).sum(dim=1) / count.clamp(min=1)
        return losses.sum() / (count > 0).sum().clamp(min=1)

    def classes(self, targets: Tensor) -> Tensor:
        """Return int (B,): which of the group's labels each photo has, -1 where it is unknown."""
        held = targets[:, self.indices] == 1
        return torch.where(held.sum(dim=1) == 1, held.int().argmax(dim=1), _NO_CLASS)
