"""Normalisation, body, head."""

import pytest
import torch
from torch import nn

from training.model.network import Backbone, Normalisation, TaggerNetwork

NORMALISATION = Normalisation(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


def mean_colour_network(labels: int = 5, dropout: float = 0.0) -> TaggerNetwork:
    """Its embedding is the mean of the normalised colours."""
    return TaggerNetwork(Backbone(nn.AdaptiveAvgPool2d(1), 3, NORMALISATION), labels, dropout)


def left_half_network(*, mirrored: bool) -> TaggerNetwork:
    """Its embedding is the mean normalised colours of the left half."""
    body = nn.Sequential(nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten(2), nn.MaxPool1d(1, 2))
    return TaggerNetwork(Backbone(body, 3, NORMALISATION), 5, 0.0, mirrored=mirrored)


@pytest.fixture
def photos() -> torch.Tensor:
    return torch.randint(0, 256, (4, 3, 8, 8), generator=torch.manual_seed(1), dtype=torch.uint8)


def test_shapes_are_photos_by_labels_and_by_width(photos: torch.Tensor) -> None:
    logits, embeddings = mean_colour_network(labels=5)(photos)
    assert logits.shape == (4, 5)
    assert embeddings.shape == (4, 3)


def test_pixels_are_normalised_as_the_backbone_wants_it(photos: torch.Tensor) -> None:
    _, embeddings = mean_colour_network()(photos)
    mean, std = map(torch.tensor, NORMALISATION)
    expected = (photos.float().mean(dim=(2, 3)) / 255 - mean) / std
    torch.testing.assert_close(embeddings, expected, atol=1e-5, rtol=0)


def test_uint8_and_float_pixels_agree(photos: torch.Tensor) -> None:
    network = mean_colour_network()
    torch.testing.assert_close(network(photos), network(photos.float()), atol=0, rtol=0)


def test_logits_are_the_head_of_the_embeddings(photos: torch.Tensor) -> None:
    network = mean_colour_network()
    logits, embeddings = network(photos)
    torch.testing.assert_close(logits, network.head(embeddings))


def test_dropout_acts_on_the_head_and_only_in_training(photos: torch.Tensor) -> None:
    network = mean_colour_network(dropout=0.5)
    quiet = network.eval()(photos)
    noisy = network.train()(photos)
    assert not torch.equal(noisy[0], quiet[0])
    torch.testing.assert_close(noisy[1], quiet[1])


def test_the_state_dict_is_body_and_head_alone() -> None:
    """Mean and deviation are code, so that weights of any run fit."""
    network = TaggerNetwork(Backbone(nn.Conv2d(3, 4, 1), 4, NORMALISATION), 2, 0.0)
    assert set(network.state_dict()) == {"body.weight", "body.bias", "head.weight", "head.bias"}


def test_a_mirrored_network_sees_a_photo_and_its_mirror_image_as_one(photos: torch.Tensor) -> None:
    plain, mirrored = left_half_network(mirrored=False), left_half_network(mirrored=True).eval()
    left, right = plain.embed(photos), plain.embed(photos.flip(-1))
    assert not torch.allclose(left, right)
    torch.testing.assert_close(mirrored.embed(photos), (left + right) / 2)
    torch.testing.assert_close(mirrored.embed(photos.flip(-1)), (left + right) / 2)


def test_a_mirrored_network_learns_from_one_image_at_a_time(photos: torch.Tensor) -> None:
    plain, mirrored = left_half_network(mirrored=False), left_half_network(mirrored=True).train()
    torch.testing.assert_close(mirrored.embed(photos), plain.embed(photos))
