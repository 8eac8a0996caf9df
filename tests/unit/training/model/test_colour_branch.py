import pytest
import torch

from training.model.colour_branch import ColourBranch

WHITE = 255


def photo(colour: tuple[int, int, int], size_px: int = 96) -> torch.Tensor:
    """A square of one colour on white."""
    pixels = torch.full((1, 3, size_px, size_px), float(WHITE))
    a, b = size_px // 4, 3 * size_px // 4
    pixels[0, :, a:b, a:b] = torch.tensor(colour, dtype=torch.float)[:, None, None]
    return pixels


@pytest.mark.parametrize("size_px", [32, 100, 160, 224])
def test_it_gives_two_histograms_that_sum_to_one(size_px: int) -> None:
    features = ColourBranch()(photo((200, 30, 40), size_px))
    assert features.shape == (1, ColourBranch.width)
    sums = features.square().view(2, -1).sum(dim=1)
    torch.testing.assert_close(sums, torch.ones(2), atol=0.03, rtol=0)


def test_the_background_does_not_count() -> None:
    branch = ColourBranch()
    large, small = photo((30, 40, 200)), photo((30, 40, 200), 192)[:, :, 48:144, 48:144]
    # But for the cells at the edge, which are half white.
    torch.testing.assert_close(branch(large) ** 2, branch(small) ** 2, atol=0.05, rtol=0)


def test_colours_are_told_apart_and_shifted_ones_are_not() -> None:
    branch = ColourBranch()
    red, near, blue = (branch(photo(c)) for c in ((200, 30, 40), (196, 34, 44), (40, 30, 200)))
    assert (red - near).norm() < 0.25 * (red - blue).norm()


def test_a_photo_that_is_all_background_gives_numbers() -> None:
    features = ColourBranch()(torch.full((2, 3, 64, 64), float(WHITE)))
    assert features.isfinite().all()


def test_its_colours_are_learned() -> None:
    branch = ColourBranch()
    branch(photo((200, 30, 40))).square()[0, 7].backward()
    assert branch.prototypes.grad is not None
    assert branch.prototypes.grad.abs().sum() > 0
