"""What a network is taught, against torch's own losses and by hand."""

import math
from itertools import product
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hangtag.label_space import parse_label_space
from hangtag.scoring.scorer import Scorer
from training.data.label_weights import label_weights
from training.model.losses import TaggingLoss, initial_scoring
from training.settings import LossName

LABELS = 4
INDEPENDENT = parse_label_space({str(number): f"label {number}" for number in range(LABELS)})
# kind > type, one hierarchy of 5 labels; tone may hold both of its labels.
HIERARCHY = parse_label_space(
    {
        "version": "1",
        "groups": [
            {"name": "type", "title": "Type", "exclusive": True, "parent": "kind"},
            {"name": "kind", "title": "Kind", "exclusive": True},
            {"name": "tone", "title": "Tone", "exclusive": False},
        ],
        "labels": [
            {"id": "shirt", "name": "Shirt", "group": "type", "parent": "top"},
            {"id": "vest", "name": "Vest", "group": "type", "parent": "top"},
            {"id": "top", "name": "Top", "group": "kind"},
            {"id": "bright", "name": "Bright", "group": "tone"},
            {"id": "shoe", "name": "Shoe", "group": "kind"},
            {"id": "boot", "name": "Boot", "group": "type", "parent": "shoe"},
            {"id": "warm", "name": "Warm", "group": "tone"},
        ],
    }
)
SHIRT, VEST, TOP, BRIGHT, SHOE, BOOT, WARM = range(7)


def logits_and_targets() -> tuple[Tensor, Tensor]:
    generator = torch.manual_seed(2)
    logits = 3 * torch.randn(8, LABELS, generator=generator)
    return logits, (torch.rand(8, LABELS, generator=generator) > 0.5).float()


def bce(logits: Tensor, targets: Tensor) -> Tensor:
    space = parse_label_space({str(i): str(i) for i in range(logits.shape[1])})
    loss: Tensor = TaggingLoss(space, "bce")(logits, targets)
    return loss


def hierarchy_logits() -> Tensor:
    return 2 * torch.randn(1, 7, generator=torch.manual_seed(3))


def hierarchy_targets(*labels: int, unknown: tuple[int, ...] = (BRIGHT, WARM)) -> Tensor:
    targets = torch.zeros(1, 7)
    targets[0, list(labels)] = 1
    targets[0, list(unknown)] = math.nan
    return targets


def hierarchy_shares(logits: Tensor) -> Tensor:
    """The softmax over shirt, vest, top, shoe, boot and none, in this order."""
    hierarchy = logits[0, [SHIRT, VEST, TOP, SHOE, BOOT]]
    return torch.cat([hierarchy, torch.zeros(1)]).softmax(0)


def test_where_all_is_known_bce_is_torchs_summed_over_labels() -> None:
    logits, targets = logits_and_targets()
    expected = functional.binary_cross_entropy_with_logits(logits, targets) * LABELS
    torch.testing.assert_close(bce(logits, targets), expected)


def test_unknown_targets_do_not_count() -> None:
    logits, targets = logits_and_targets()
    rest = bce(logits[:, 1:], targets[:, 1:])
    targets[:, 0] = math.nan
    torch.testing.assert_close(bce(logits, targets), rest)


@pytest.mark.parametrize("loss", get_args(LossName))
def test_unknown_targets_give_no_gradient(loss: LossName) -> None:
    logits, targets = logits_and_targets()
    targets[2, 1] = math.nan
    logits.requires_grad_()
    TaggingLoss(INDEPENDENT, loss)(logits, targets).backward()
    assert logits.grad is not None
    assert logits.grad[2, 1] == 0


@pytest.mark.parametrize("loss", get_args(LossName))
def test_photos_of_which_nothing_is_known_cost_nothing(loss: LossName) -> None:
    for space, labels in ((INDEPENDENT, LABELS), (HIERARCHY, 7)):
        logits = torch.randn(3, labels, requires_grad=True)
        cost = TaggingLoss(space, loss)(logits, torch.full((3, labels), math.nan))
        assert cost == 0


@pytest.mark.parametrize("loss", get_args(LossName))
def test_the_loss_of_bf16_logits_is_summed_in_fp32(loss: LossName) -> None:
    logits, targets = logits_and_targets()
    assert TaggingLoss(INDEPENDENT, loss)(logits.bfloat16(), targets).dtype == torch.float32


def test_focal_and_asymmetric_count_what_is_surely_right_less_than_bce() -> None:
    sure = torch.full((1, LABELS), -6.0)
    targets = torch.zeros(1, LABELS)
    plain = bce(sure, targets)
    assert TaggingLoss(INDEPENDENT, "focal")(sure, targets) < 1e-4 * plain
    # Below the margin nothing is left.
    assert TaggingLoss(INDEPENDENT, "asymmetric")(sure, targets) == 0


def test_asymmetric_counts_a_missed_label_as_bce_does() -> None:
    logits, targets = torch.full((1, LABELS), -3.0), torch.ones(1, LABELS)
    torch.testing.assert_close(
        TaggingLoss(INDEPENDENT, "asymmetric")(logits, targets), bce(logits, targets)
    )


def test_a_fully_known_photo_costs_the_cross_entropy_of_its_lowest_label() -> None:
    logits = hierarchy_logits()
    cost = TaggingLoss(HIERARCHY, "softmax")(logits, hierarchy_targets(TOP, VEST))
    torch.testing.assert_close(cost, -hierarchy_shares(logits)[1].log())


def test_of_a_photo_with_an_unknown_type_all_types_of_its_kind_are_right() -> None:
    logits = hierarchy_logits()
    targets = hierarchy_targets(TOP, unknown=(SHIRT, VEST, BOOT, BRIGHT, WARM))
    cost = TaggingLoss(HIERARCHY, "softmax")(logits, targets)
    torch.testing.assert_close(cost, -hierarchy_shares(logits)[[0, 1, 2]].sum().log())


def test_a_photo_known_to_have_no_label_costs_the_share_of_none() -> None:
    logits = hierarchy_logits()
    cost = TaggingLoss(HIERARCHY, "softmax")(logits, hierarchy_targets())
    torch.testing.assert_close(cost, -hierarchy_shares(logits)[-1].log())


def test_a_kind_without_a_type_is_right_by_itself() -> None:
    logits = hierarchy_logits()
    cost = TaggingLoss(HIERARCHY, "softmax")(logits, hierarchy_targets(SHOE))
    torch.testing.assert_close(cost, -hierarchy_shares(logits)[3].log())


def test_what_contradicts_itself_teaches_nothing() -> None:
    logits = hierarchy_logits()
    assert TaggingLoss(HIERARCHY, "softmax")(logits, hierarchy_targets(TOP, BOOT)) == 0


def test_groups_of_several_labels_stay_bce_beside_a_softmax() -> None:
    logits, targets = hierarchy_logits(), torch.full((1, 7), math.nan)
    targets[0, BRIGHT], targets[0, WARM] = 1, 0
    expected = bce(logits[:, [BRIGHT, WARM]], targets[:, [BRIGHT, WARM]])
    torch.testing.assert_close(TaggingLoss(HIERARCHY, "softmax")(logits, targets), expected)


def test_weights_count_labels_more_or_less() -> None:
    logits, targets = hierarchy_logits(), hierarchy_targets(TOP, SHIRT)
    plain = TaggingLoss(HIERARCHY, "softmax")(logits, targets)
    weights = torch.ones(7)
    weights[SHIRT] = 3.0
    torch.testing.assert_close(
        TaggingLoss(HIERARCHY, "softmax", weights=weights)(logits, targets), 3 * plain
    )


def test_smoothing_charges_for_being_too_sure() -> None:
    targets = hierarchy_targets(TOP, SHIRT)
    sure = torch.zeros(1, 7)
    sure[0, SHIRT] = 30.0
    assert TaggingLoss(HIERARCHY, "softmax")(sure, targets) < 1e-6
    assert TaggingLoss(HIERARCHY, "softmax", label_smoothing=0.1)(sure, targets) > 1


def test_the_loss_is_minus_the_log_of_the_score_that_is_served() -> None:
    scorer = Scorer(HIERARCHY, initial_scoring(HIERARCHY, "softmax"))
    logits = hierarchy_logits()
    for top, shirt in product((TOP,), (SHIRT, VEST)):
        served = scorer.scores(logits.numpy())[0, shirt]
        cost = TaggingLoss(HIERARCHY, "softmax")(logits, hierarchy_targets(top, shirt))
        assert float(cost) == pytest.approx(-np.log(served), rel=1e-5)


def test_rare_labels_count_more_and_photos_as_much_on_average() -> None:
    targets = torch.zeros(100, 3)
    targets[:81, 0] = targets[:16, 1] = 1
    weights = label_weights(targets, 0.5)
    assert weights is not None
    assert float(weights[1] / weights[0]) == pytest.approx(9 / 4)
    # A label that no photo has counts as one that a single photo has.
    assert float(weights[2] / weights[0]) == pytest.approx(9)
    counts = targets.sum(dim=0)
    assert float((weights * counts).sum() / counts.sum()) == pytest.approx(1)
    assert label_weights(targets, 0) is None
