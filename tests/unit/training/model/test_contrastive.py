"""Which photos are alike, and what it costs to keep them apart."""

import math

import pytest
import torch
from torch import Tensor

from hangtag.errors import SettingsInvalid
from hangtag.label_space import LabelSpace, parse_label_space
from training.model.contrastive import ContrastiveLoss, contrastive_group


def space(*groups: tuple[str, bool, int]) -> LabelSpace:
    """Groups of (name, exclusive, how many labels)."""
    return parse_label_space(
        {
            "version": "1",
            "groups": [
                {"name": name, "title": name, "exclusive": exclusive}
                for name, exclusive, _ in groups
            ],
            "labels": [
                {"id": f"{name}-{number}", "name": str(number), "group": name}
                for name, _, count in groups
                for number in range(count)
            ],
        }
    )


SPACE = space(("tone", False, 2), ("type", True, 3))


def of_types(*types: int | None) -> Tensor:
    """Targets (B, 5) of photos of a type, or of an unknown one."""
    targets = torch.zeros(len(types), 5)
    for row, each in enumerate(types):
        if each is None:
            targets[row, 2:] = math.nan
        else:
            targets[row, 2 + each] = 1
    return targets


def by_hand(embeddings: Tensor, types: list[int]) -> float:
    """Equation 2 of the paper, photo by photo."""
    z = [each / each.norm() for each in embeddings]
    losses = []
    for i, own in enumerate(types):
        positives = [j for j, other in enumerate(types) if j != i and other == own]
        below = sum(math.exp(float(z[i] @ z[a]) / 0.1) for a in range(len(z)) if a != i)
        terms = [math.log(math.exp(float(z[i] @ z[p]) / 0.1) / below) for p in positives]
        if terms:
            losses.append(-sum(terms) / len(terms))
    return sum(losses) / len(losses)


@pytest.fixture
def embeddings() -> Tensor:
    torch.manual_seed(6)
    return torch.randn(6, 4, requires_grad=True)


def test_the_loss_is_that_of_the_paper(embeddings: Tensor) -> None:
    types = [0, 1, 0, 0, 1, 2]
    loss = ContrastiveLoss(SPACE, None)(embeddings, of_types(*types))
    assert float(loss.detach()) == pytest.approx(by_hand(embeddings.detach(), types), rel=1e-5)


def test_only_directions_count(embeddings: Tensor) -> None:
    targets = of_types(0, 1, 0, 0, 1, 2)
    loss = ContrastiveLoss(SPACE, None)
    torch.testing.assert_close(loss(7 * embeddings, targets), loss(embeddings, targets))


def test_photos_of_one_type_that_lie_together_cost_next_to_nothing() -> None:
    together = torch.eye(2)[[0, 0, 1, 1]]
    apart = torch.eye(2)[[0, 1, 0, 1]]
    targets = of_types(0, 0, 1, 1)
    loss = ContrastiveLoss(SPACE, None)
    assert loss(together, targets) < 1e-3
    assert loss(apart, targets) > 5


def test_photos_of_an_unknown_type_are_left_out(embeddings: Tensor) -> None:
    loss = ContrastiveLoss(SPACE, None)
    some = loss(embeddings, of_types(0, 1, None, 0, 1, None))
    torch.testing.assert_close(some, loss(embeddings[[0, 1, 3, 4]], of_types(0, 1, 0, 1)))


@pytest.mark.parametrize("types", [[], [0], [0, 1, 2], [None, None]])
def test_where_no_two_photos_are_alike_nothing_is_taught(types: list[int | None]) -> None:
    embeddings = torch.ones(len(types), 4, requires_grad=True)
    loss = ContrastiveLoss(SPACE, None)(embeddings, of_types(*types))
    loss.backward()
    assert loss == 0
    assert embeddings.grad is not None
    assert bool((embeddings.grad == 0).all())


def test_under_autocast_it_is_computed_in_fp32(embeddings: Tensor) -> None:
    targets = of_types(0, 1, 0, 0, 1, 2)
    exact = ContrastiveLoss(SPACE, None)(embeddings, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = ContrastiveLoss(SPACE, None)(embeddings, targets)
    torch.testing.assert_close(loss, exact)


def test_the_largest_exclusive_group_is_the_default() -> None:
    groups = space(("tone", False, 9), ("kind", True, 2), ("type", True, 5), ("colour", True, 4))
    assert contrastive_group(groups, None) == "type"
    assert contrastive_group(groups, "colour") == "colour"


@pytest.mark.parametrize("wanted", ["tone", "nonsense"])
def test_what_is_no_exclusive_group_is_refused(wanted: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"contrastive_group={wanted} must be .*: type[.]$"):
        contrastive_group(SPACE, wanted)


def test_without_an_exclusive_group_there_is_no_such_term() -> None:
    with pytest.raises(SettingsInvalid, match="leave contrastive_weight at 0"):
        contrastive_group(space(("tone", False, 2)), None)
