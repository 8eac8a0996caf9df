"""What a training recipe says, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from hangtag.scoring.scorer import Activation

# Of the body: all of it learns, its batch norms alone, or nothing.
Learning = Literal["all", "batch-norm", "nothing"]


@dataclass(frozen=True)
class Augmentation:
    """How training photos are changed at random; what is 0 is left out.

    crop : crops to at least this share of the area, then scaled to the old size
    flips : whether half of the photos are mirrored
    rotation_degrees, shear_degrees, warp : at most so much
    zoom : from how many times the size to how many times
    brightness, contrast, saturation, hue : of torchvision's ColorJitter
    grey_share : of the photos, turned grey
    share : of the photos that are moved, of those that are warped, and of those that are recoloured
    """

    crop: float = 0.0
    flips: bool = False
    rotation_degrees: float = 0.0
    shear_degrees: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    warp: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    grey_share: float = 0.0
    share: float = 1.0


@dataclass(frozen=True)
class Head:
    """Linear layers from the embedding to the logits, with ReLU between them.

    hidden_widths : units of each layer but the last
    dropouts : before each layer
    batch_norm : whether one stands before each layer
    """

    hidden_widths: tuple[int, ...] = ()
    dropouts: tuple[float, ...] = (0.0,)
    batch_norm: bool = False


@dataclass(frozen=True)
class Phase:
    """Some passes over the photos with one optimiser.

    passes : over the photos to learn from
    head_rate : the learning rate of the head
    body_rates : of equal parts of the body's layers, from the input on
    learning : what of the body learns
    warm_up : share of the steps in which the rates of one cycle rise; None: they stay as they are
    hierarchical : whether a wrong label is forgiven in part if it lies below the right parent
    """

    passes: int
    head_rate: float
    body_rates: tuple[float, ...]
    learning: Learning = "all"
    warm_up: float | None = None
    hierarchical: bool = False


@dataclass(frozen=True)
class Recipe:
    """How to train a tagger on a backbone, and how its scores become tags.

    activation : `sigmoid`: binary cross-entropy of each label, whose score is a tag from 0.5 on;
        `softmax`: cross-entropy of each exclusive group, whose best label is the tag
    batch_size : None: that of the run
    balanced : whether each label of the most specific group is drawn equally often
    betas, epsilon, weight_decay : of Adam; the decay is decoupled
    """

    name: str
    activation: Activation
    head: Head
    phases: tuple[Phase, ...]
    augmentation: Augmentation
    batch_size: int | None = None
    balanced: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    @property
    def passes(self) -> int:
        """Over the photos to learn from, in all phases."""
        return sum(phase.passes for phase in self.phases)

    def at_most(self, passes: int | None) -> Recipe:
        """Return the recipe with no more passes than that, each phase with its share of them.

        Every phase keeps a pass, or, if there are not as many, each of the first.
        """
        if passes is None or passes >= self.passes:
            return self
        kept = self.phases[:passes]
        prescribed = sum(phase.passes for phase in kept)
        phases: list[Phase] = []
        done, left = 0, passes
        for later, phase in zip(reversed(range(len(kept))), kept, strict=True):
            done += phase.passes
            due = math.ceil(passes * done / prescribed) - (passes - left)
            phases.append(replace(phase, passes=min(max(due, 1), left - later)))
            left -= phases[-1].passes
        return replace(self, phases=tuple(phases))
