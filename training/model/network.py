"""The network of a tagger: normalisation, body, colour branch, head."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from training.model.colour_branch import ColourBranch

Triple = tuple[float, float, float]


class Normalisation(NamedTuple):
    """Mean and standard deviation of RGB in [0, 1] that a backbone's weights were trained with."""

    mean: Triple
    std: Triple


class Backbone(NamedTuple):
    """A body that maps normalised photos (B, 3, S, S) to embeddings (B, width)."""

    body: nn.Module
    width: int
    normalisation: Normalisation


def build_head(width: int, head_width: int, labels: int, dropout: float) -> nn.Module:
    """Return a head from embeddings (B, width) to logits (B, labels)."""
    if not head_width:
        return nn.Linear(width, labels)
    return nn.Sequential(
        nn.Linear(width, head_width), nn.GELU(), nn.Dropout(dropout), nn.Linear(head_width, labels)
    )


class Outputs(NamedTuple):
    """Of each photo of a catalogue: logits (N, L) and embeddings (N, E); NaN where not computed."""

    logits: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


class TaggerNetwork(nn.Module):
    """uint8 photos (B, 3, S, S) -> logits (B, L) and embeddings (B, E).

    Normalisation is part of the network and so of model.onnx: serving cannot do it differently.

    Parameters
    ----------
    head_width : units between the embedding and the logits; 0 for none. With them, what the head
        knows of one group helps with the others.
    mirrored : outside of training, an embedding is the mean of the photo's and its mirror image's
        (as Krizhevsky et al. 2012, section 4.1, average what they predict for both)
    """

    def __init__(
        self,
        backbone: Backbone,
        labels: int,
        dropout: float,
        *,
        colour_branch: bool = False,
        head_width: int = 0,
        mirrored: bool = False,
    ) -> None:
        super().__init__()
        self.body = backbone.body
        self.colour = ColourBranch() if colour_branch else None
        self.dropout = nn.Dropout(dropout)
        width = backbone.width + (self.colour.width if self.colour else 0)
        self.head = build_head(width, head_width, labels, dropout)
        self.mirrored = mirrored
        self.normalisation = backbone.normalisation
        mean, std = (255 * torch.tensor(each).view(1, 3, 1, 1) for each in self.normalisation)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits, embeddings) of photos in [0, 255], of any number type."""
        embeddings = self.embed(pixels)  # (B, E)
        logits: Tensor = self.head(self.dropout(embeddings))
        return logits, embeddings

    def embed(self, pixels: Tensor) -> Tensor:
        """Return what the head sees of photos in [0, 255], (B, E)."""
        pixels = pixels.float()
        if self.mirrored and not self.training:
            both = self._embed(torch.cat([pixels, pixels.flip(-1)]))  # (2 B, E)
            return both.reshape(2, -1, both.shape[-1]).mean(0)
        return self._embed(pixels)

    def _embed(self, pixels: Tensor) -> Tensor:
        embeddings: Tensor = self.body((pixels - self.mean) / self.std).flatten(1)
        if self.colour is not None:
            embeddings = torch.cat([embeddings, self.colour(pixels)], dim=1)
        return embeddings
