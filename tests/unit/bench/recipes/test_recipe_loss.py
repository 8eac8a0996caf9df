"""What recipes teach, against torch's own losses and by hand."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from bench.recipes.recipe_loss import RecipeLoss, hierarchy_credit
from hangtag.label_space import parse_label_space
from hangtag.scoring.scorer import Activation

# kind > type, a colour, and tone, which may hold both of its labels.
SPACE = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "kind", "title": "Kind", "exclusive": True},
            {"name": "type", "title": "Type", "exclusive": True, "parent": "kind"},
            {"name": "tone", "title": "Tone", "exclusive": False},
        ],
        "labels": [
            {"id": "shirt", "name": "Shirt", "group": "type", "parent": "top"},
            {"id": "boot", "name": "Boot", "group": "type", "parent": "shoe"},
            {"id": "vest", "name": "Vest", "group": "type", "parent": "top"},
            {"id": "bright", "name": "Bright", "group": "tone"},
            {"id": "top", "name": "Top", "group": "kind"},
            {"id": "shoe", "name": "Shoe", "group": "kind"},
            {"id": "warm", "name": "Warm", "group": "tone"},
        ],
    }
)
SHIRT, BOOT, VEST, BRIGHT, TOP, SHOE, WARM = range(7)
TYPES, KINDS, TONES = [SHIRT, BOOT, VEST], [TOP, SHOE], [BRIGHT, WARM]


@pytest.fixture
def logits() -> Tensor:
    return 2 * torch.randn(4, 7, generator=torch.manual_seed(3))


def targets_of(*held: tuple[int, ...]) -> Tensor:
    targets = torch.zeros(len(held), 7)
    for row, labels in enumerate(held):
        targets[row, list(labels)] = 1
    return targets


TARGETS = targets_of((SHIRT, TOP), (BOOT, SHOE, WARM), (VEST, TOP, WARM, BRIGHT), (SHIRT, TOP))


def test_sigmoid_is_the_mean_binary_cross_entropy(logits: Tensor) -> None:
    expected = functional.binary_cross_entropy_with_logits(logits, TARGETS)
    torch.testing.assert_close(RecipeLoss(SPACE, "sigmoid")(logits, TARGETS), expected)


def test_softmax_is_a_cross_entropy_a_group(logits: Tensor) -> None:
    expected = (
        functional.cross_entropy(logits[:, TYPES], torch.tensor([0, 1, 2, 0]))
        + functional.cross_entropy(logits[:, KINDS], torch.tensor([0, 1, 0, 0]))
        + functional.binary_cross_entropy_with_logits(logits[:, TONES], TARGETS[:, TONES])
    )
    torch.testing.assert_close(RecipeLoss(SPACE, "softmax")(logits, TARGETS), expected)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_what_is_unknown_teaches_nothing(activation: Activation, logits: Tensor) -> None:
    loss = RecipeLoss(SPACE, activation)
    targets = TARGETS.clone()
    targets[3] = math.nan
    torch.testing.assert_close(loss(logits, targets), loss(logits[:3], TARGETS[:3]))
    nothing = loss(logits.requires_grad_(), torch.full_like(TARGETS, math.nan))
    nothing.backward()
    assert float(nothing.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_a_photo_without_a_label_in_a_group_teaches_that_group_nothing(logits: Tensor) -> None:
    loss = RecipeLoss(SPACE, "softmax")
    logits.requires_grad_()
    loss(logits, targets_of((TOP,), (TOP,), (SHOE,), (SHOE,))).backward()
    assert logits.grad is not None
    assert not logits.grad[:, TYPES].any()
    assert logits.grad[:, KINDS].any()


def test_credit_is_what_two_labels_have_in_common() -> None:
    credit = hierarchy_credit(SPACE, ("kind", "type"))
    # Shirt, boot, vest: shirt and vest share their kind, which is half of all.
    assert credit.tolist() == [[1, 0, 0.5], [0, 1, 0], [0.5, 0, 1]]


def test_the_hierarchical_loss_is_minus_the_log_of_what_is_earned(logits: Tensor) -> None:
    types = logits[:, TYPES].softmax(dim=1)
    earned = torch.stack(
        [
            types[0, 0] + types[0, 2] / 2,
            types[1, 1],
            types[2, 2] + types[2, 0] / 2,
            types[3, 0] + types[3, 2] / 2,
        ]
    )
    plain = RecipeLoss(SPACE, "softmax")(logits, TARGETS)
    of_types = functional.cross_entropy(logits[:, TYPES], torch.tensor([0, 1, 2, 0]))
    expected = plain - of_types - earned.log().mean()
    loss = RecipeLoss(SPACE, "softmax", hierarchical=True)
    torch.testing.assert_close(loss(logits, TARGETS), expected)


def test_the_hierarchical_loss_can_be_learned_from(logits: Tensor) -> None:
    logits.requires_grad_()
    RecipeLoss(SPACE, "softmax", hierarchical=True)(logits, TARGETS).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    # Less of the right type is never better.
    assert float(logits.grad[1, BOOT]) < 0
