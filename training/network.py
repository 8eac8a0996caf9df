"""The network of a tagger: normalisation, body, head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Of ImageNet's photos, RGB in [0, 1]: what torchvision's weights were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class TaggerNetwork(nn.Module):
    """uint8 photos (B, 3, S, S) -> logits (B, L) and embeddings (B, E).

    Normalisation is part of the network and so of model.onnx: serving cannot do it differently.
    """

    def __init__(self, body: nn.Module, embedding_width: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(embedding_width, labels)
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits, embeddings) of photos in [0, 255], of any number type."""
        normalised = (pixels.float() - self.mean) / self.std  # (B, 3, S, S)
        embeddings = self.body(normalised).flatten(1)  # (B, E)
        return self.head(self.dropout(embeddings)), embeddings
