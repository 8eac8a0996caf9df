"""What colours the product has, beside what the backbone sees of its shape.

Backbones are trained to recognise things in any colour; the histogram of the foreground's colours
is what a colour label speaks of.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEVELS = 5  # prototypes along each of R, G and B
_SOFTNESS = 28.0  # of a prototype, in levels of 255: about half the way to the next
_CELLS = 32  # the photo is averaged down to about so many cells a side
# A cell this bright in its darkest channel is half background; product photos have white ones.
_BACKGROUND = 235.0
_BACKGROUND_SOFTNESS = 5.0
_CENTRE_SIGMA = 0.45  # of half a side


class ColourBranch(nn.Module):
    """Photos (B, 3, S, S) in [0, 255] -> (B, width): soft colour histograms of the foreground.

    One over the whole foreground, one that counts its centre more, where the product is rather
    than what it is worn with. Square roots, so that small shares count (Hellinger). The prototype
    colours are learned on from an even grid.
    """

    width = 2 * _LEVELS**3

    def __init__(self) -> None:
        super().__init__()
        levels = torch.linspace(16, 240, _LEVELS).tolist()
        grid = torch.tensor(list(itertools.product(levels, repeat=3)))  # (K, 3)
        self.prototypes = nn.Parameter(grid / 255)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the histograms, each of which sums to 1 before the square root."""
        cells = functional.avg_pool2d(pixels, max(1, pixels.shape[-1] // _CELLS))
        foreground = torch.sigmoid((_BACKGROUND - cells.amin(dim=1)) / _BACKGROUND_SOFTNESS)
        foreground = foreground.flatten(1)  # (B, P)
        colours = (cells / 255).flatten(2).transpose(1, 2)  # (B, P, 3)
        weights = torch.stack([foreground, foreground * _centre(cells)], dim=1)  # (B, 2, P)
        shares = weights / (weights.sum(dim=2, keepdim=True) + 1e-3)
        histograms = shares @ self._membership(colours)  # (B, 2, K)
        return (histograms + 1e-6).sqrt().flatten(1)

    def _membership(self, colours: Tensor) -> Tensor:
        """Return (B, P, K): how much each cell belongs to each prototype, 1 in all."""
        # -|c - p|² but for |c|², which the softmax takes away.
        nearness = 2 * colours @ self.prototypes.T - self.prototypes.square().sum(dim=1)
        return torch.softmax(nearness / (2 * (_SOFTNESS / 255) ** 2), dim=2)


def _centre(cells: Tensor) -> Tensor:
    """Return (P,): a bell over the cells (B, C, H, W)."""
    sides = [torch.linspace(-1, 1, side, device=cells.device) for side in cells.shape[-2:]]
    bells = [torch.exp(-side.square() / (2 * _CENTRE_SIGMA**2)) for side in sides]
    return torch.outer(*bells).flatten()
