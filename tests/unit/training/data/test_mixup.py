"""Photos seen through each other, and a loss by how much there is of each."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hangtag.label_space import parse_label_space
from training.data.mixup import MixedTargets, mix, mixed_loss
from training.model.losses import TaggingLoss

# One exclusive group of three labels.
SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [{"name": "type", "title": "Type", "exclusive": True}],
        "labels": [{"id": number, "name": str(number), "group": "type"} for number in range(3)],
    }
)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(4)


def numbered(count: int) -> tuple[Tensor, Tensor]:
    """Photos of one grey each, their number, and as the one target of each its number too."""
    numbers = torch.arange(count, dtype=torch.float32)
    return numbers.view(-1, 1, 1, 1).expand(-1, 3, 4, 4), numbers[:, None]


def test_pixels_and_targets_are_mixed_alike() -> None:
    pixels, targets = numbered(32)
    mixed, (first, second, share) = mix(pixels, targets, alpha=1.0)
    assert 0 < share < 1
    assert torch.equal(first, targets)
    assert sorted(second[:, 0].tolist()) == sorted(targets[:, 0].tolist())
    assert not torch.equal(second, first)
    expected = share * first[:, 0] + (1 - share) * second[:, 0]
    torch.testing.assert_close(mixed[:, 0, 0, 0], expected)


def test_a_small_alpha_mixes_little_and_a_large_one_by_halves() -> None:
    pixels, targets = numbered(2)
    shares = {
        alpha: torch.tensor([mix(pixels, targets, alpha)[1].share for _ in range(300)])
        for alpha in (0.1, 50.0)
    }
    assert torch.minimum(shares[0.1], 1 - shares[0.1]).median() < 0.05
    assert (shares[50.0] - 0.5).abs().max() < 0.25


def test_what_is_unknown_of_either_photo_is_unknown_of_the_mixed_one() -> None:
    pixels, _ = numbered(16)
    targets = torch.zeros(16, 2)
    targets[::2, 0] = math.nan
    _, (first, second, _) = mix(pixels, targets, alpha=1.0)
    assert torch.equal(first.isnan(), second.isnan())
    assert first[::2, 0].isnan().all()
    # Those whose partner's is unknown too.
    assert 8 < int(first[:, 0].isnan().sum()) < 16
    assert not first[:, 1].isnan().any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_cross_entropy_of_soft_labels(smoothing: float) -> None:
    logits = torch.randn(2, 3)
    one, other = torch.eye(3)[[0, 1]], torch.eye(3)[[2, 1]]
    loss = TaggingLoss(SPACE, "softmax", label_smoothing=smoothing)
    # With the logit of none of them, whose share is the rest.
    beside_none = functional.pad(logits, (0, 1))
    soft = functional.pad(0.3 * one + 0.7 * other, (0, 1))
    torch.testing.assert_close(
        mixed_loss(loss, logits, MixedTargets(one, other, 0.3)),
        functional.cross_entropy(beside_none, soft, label_smoothing=smoothing),
    )


def test_photos_that_are_not_mixed_cost_what_they_always_did() -> None:
    logits, targets = torch.randn(2, 3), torch.eye(3)[[0, 1]]
    loss = TaggingLoss(SPACE, "softmax")
    assert mixed_loss(loss, logits, targets) == loss(logits, targets)
