"""Finding photos with the same labels, against brute force."""

import numpy as np
import pytest

from tests.unit.training.evaluate.synthetic import evaluated
from training.evaluate.evaluated import Evaluated
from training.evaluate.resampling import Resamples
from training.evaluate.retrieval import retrieval_figures, retrieval_groups


def by_brute_force(photos: Evaluated) -> tuple[int, float, float]:
    vectors = photos.embeddings
    assert vectors is not None
    columns = [list(photos.label_space.indices_of_group(group)) for group in ("type", "colour")]
    labels = [
        tuple(int(np.nansum(row[part] * np.arange(1, len(part) + 1))) for part in columns)
        for row in photos.targets
    ]
    hits, precisions = [], []
    for query, wanted in enumerate(labels):
        others = [
            other
            for other, each in enumerate(labels)
            if 0 not in each and photos.duplicate_groups[other] != photos.duplicate_groups[query]
        ]
        relevant = sum(labels[other] == wanted for other in others)
        if 0 in wanted or not relevant:
            continue
        near = [cosine(vectors[query], vectors[other]) for other in others]
        ranked = [others[place] for place in np.argsort(near)[::-1]]
        right = [labels[other] == wanted for other in ranked[:10]]
        hits.append(any(right[:5]))
        found = [sum(right[: k + 1]) / (k + 1) for k, each in enumerate(right) if each]
        precisions.append(sum(found) / min(10, relevant))
    return len(hits), float(np.mean(hits)), float(np.mean(precisions))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_it_is_what_brute_force_says() -> None:
    photos = evaluated(150, duplicate_groups=np.arange(150) // 3)
    found = retrieval_figures(photos, Resamples(photos.duplicate_groups, 10))
    count, recall, precision = by_brute_force(photos)
    assert found is not None
    assert found["groups"] == ["type", "colour"]
    assert found["photos"] == count
    assert found["recall_at_5"]["value"] == pytest.approx(recall)
    assert found["map_at_10"]["value"] == pytest.approx(precision)


def test_near_duplicates_find_only_others() -> None:
    photos = evaluated(60, duplicate_groups=np.zeros(60, np.int64))
    assert retrieval_figures(photos, Resamples(photos.duplicate_groups, 1)) is None


def test_without_embeddings_there_is_nothing_to_measure() -> None:
    photos = evaluated(20, embeddings=None)
    assert retrieval_figures(photos, Resamples(photos.duplicate_groups, 1)) is None


def test_a_type_and_a_colour_agree_by_default() -> None:
    assert retrieval_groups(evaluated(5)) == ("type", "colour")
