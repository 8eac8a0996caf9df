"""Scores agree with the hierarchy, whatever the logits are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hangtag.errors import LabelSpaceInvalid
from hangtag.label_space import LabelSpace, parse_label_space
from hangtag.scoring.decisions import select_tags, sigmoid
from hangtag.scoring.scorer import GroupScoring, Scorer


def hierarchy_space() -> LabelSpace:
    """kind > type (exclusive both) and tone, of which several may hold, below kind."""
    return parse_label_space(
        {
            "version": "1",
            "groups": [
                {"name": "type", "title": "Type", "exclusive": True, "parent": "kind"},
                {"name": "kind", "title": "Kind", "exclusive": True},
                {"name": "tone", "title": "Tone", "exclusive": False, "parent": "kind"},
            ],
            "labels": [
                {"id": "shirt", "name": "Shirt", "group": "type", "parent": "top"},
                {"id": "vest", "name": "Vest", "group": "type", "parent": "top"},
                {"id": "boot", "name": "Boot", "group": "type", "parent": "shoe"},
                {"id": "top", "name": "Top", "group": "kind"},
                {"id": "shoe", "name": "Shoe", "group": "kind"},
                {"id": "laced", "name": "Laced", "group": "tone", "parent": "shoe"},
            ],
        }
    )


SHIRT, VEST, BOOT, TOP, SHOE, LACED = range(6)
LABELS = 6


def softmax_scoring(kind: float = 1.0, type_: float = 1.0) -> tuple[GroupScoring, ...]:
    return (
        GroupScoring(group="kind", activation="softmax", temperature=kind),
        GroupScoring(group="type", activation="softmax", temperature=type_),
        GroupScoring(group="tone"),
    )


def scores_of(logits: np.ndarray, kind: float = 1.0, type_: float = 1.0) -> np.ndarray:
    """Scores by the temperatures of kind and type."""
    return Scorer(hierarchy_space(), softmax_scoring(kind, type_)).scores(logits.astype(np.float32))


any_logits = arrays(np.float32, (3, LABELS), elements=st.floats(-1e4, 1e4, width=32))


some_temperature = st.sampled_from([0.1, 0.5, 1.0, 3.0, 10.0])


@given(any_logits, some_temperature, some_temperature)
def test_a_parent_is_never_less_likely_than_its_children(
    logits: np.ndarray, kind: float, type_: float
) -> None:
    scores = scores_of(logits, kind, type_)
    assert ((scores >= 0) & (scores <= 1)).all()
    for child, parent in ((SHIRT, TOP), (VEST, TOP), (BOOT, SHOE), (LACED, SHOE)):
        assert (scores[:, child] <= scores[:, parent]).all()
    assert (scores[:, [TOP, SHOE]].sum(axis=1) <= 1 + 1e-5).all()
    assert (scores[:, [SHIRT, VEST]].sum(axis=1) <= scores[:, TOP] + 1e-5).all()


@given(any_logits, arrays(np.float32, LABELS, elements=st.floats(0, 1, width=32)))
def test_tags_never_contradict_the_hierarchy(logits: np.ndarray, thresholds: np.ndarray) -> None:
    tags = select_tags(scores_of(logits), thresholds, hierarchy_space())
    for child, parent in ((SHIRT, TOP), (VEST, TOP), (BOOT, SHOE), (LACED, SHOE)):
        assert (tags[:, child] <= tags[:, parent]).all()
    for group in ((SHIRT, VEST, BOOT), (TOP, SHOE)):
        assert (tags[:, list(group)].sum(axis=1) <= 1).all()


def test_the_softmax_is_over_the_hierarchy_and_none() -> None:
    logits = np.array([[1.0, 0.5, -1.0, 0.2, 0.1, 3.0]], dtype=np.float32)
    powers = np.exp(logits[0, :5])
    expected = powers / (1 + powers.sum())
    scores = scores_of(logits)[0]
    assert scores[[SHIRT, VEST, BOOT]] == pytest.approx(expected[:3], abs=1e-6)
    assert scores[TOP] == pytest.approx(expected[[SHIRT, VEST, TOP]].sum(), abs=1e-6)
    assert scores[SHOE] == pytest.approx(expected[[BOOT, SHOE]].sum(), abs=1e-6)


def test_a_high_temperature_makes_its_level_less_sure() -> None:
    logits = np.array([[6.0, 0, 0, 0, 0, 0]], dtype=np.float32)
    plain, above, below = scores_of(logits), scores_of(logits, kind=4.0), scores_of(logits, type_=4)
    assert above[0, TOP] < plain[0, TOP]
    assert above[0, SHIRT] / above[0, TOP] == pytest.approx(plain[0, SHIRT] / plain[0, TOP])
    assert below[0, TOP] == pytest.approx(plain[0, TOP])
    assert below[0, SHIRT] < plain[0, SHIRT]


def test_at_high_temperatures_children_and_nothing_more_are_alike() -> None:
    logits = np.array([[3.0, 1.0, 0, 0, 0, 0]], dtype=np.float32)
    assert scores_of(logits, type_=1e6)[0, [SHIRT, VEST]] == pytest.approx(
        scores_of(logits)[0, TOP] / 3, rel=1e-4
    )


def test_one_row_is_scored_as_many_are() -> None:
    logits = np.random.default_rng(1).normal(size=(5, LABELS)).astype(np.float32)
    together = scores_of(logits)
    assert np.array_equal(together, np.stack([scores_of(row) for row in logits]))


def test_without_a_softmax_scores_are_sigmoids_below_their_parents() -> None:
    scoring = tuple(GroupScoring(group=name) for name in ("kind", "type", "tone"))
    logits = np.random.default_rng(2).normal(size=(5, LABELS)).astype(np.float32)
    scores = Scorer(hierarchy_space(), scoring).scores(logits)
    plain = sigmoid(logits)
    assert np.array_equal(scores[:, [TOP, SHOE]], plain[:, [TOP, SHOE]])
    assert np.array_equal(scores[:, BOOT], np.minimum(plain[:, BOOT], plain[:, SHOE]))


@pytest.mark.parametrize(
    ("scoring", "sentence"),
    [
        (softmax_scoring()[:2], "must name each group"),
        ((*softmax_scoring(), GroupScoring(group="tone")), "must name each group"),
        ((*softmax_scoring()[:2], GroupScoring(group="size")), "must name each group"),
        (
            (*softmax_scoring()[:2], GroupScoring(group="tone", activation="softmax")),
            "'tone' is not exclusive",
        ),
        (
            (GroupScoring(group="kind"), *softmax_scoring()[1:]),
            "kind, type are one hierarchy",
        ),
    ],
)
def test_scoring_that_does_not_fit_is_refused(
    scoring: tuple[GroupScoring, ...], sentence: str
) -> None:
    with pytest.raises(LabelSpaceInvalid, match=sentence):
        Scorer(hierarchy_space(), scoring)


def test_a_hierarchy_has_its_levels_from_the_top() -> None:
    assert hierarchy_space().hierarchies == (("kind", "type"),)


def test_groups_beside_each_other_are_no_levels_of_each_other() -> None:
    space = hierarchy_space().model_dump()
    space["groups"][2]["exclusive"] = True
    assert parse_label_space(space).hierarchies == (("kind", "type"), ("tone",))


def test_a_group_with_an_orphan_is_a_hierarchy_of_its_own() -> None:
    space = hierarchy_space().model_dump()
    space["labels"][2]["parent"] = None
    assert set(parse_label_space(space).hierarchies) == {("kind",), ("type",)}


def test_a_group_without_labels_has_no_scores_and_harms_none() -> None:
    space = hierarchy_space().model_dump()
    space["groups"] = [*space["groups"], {"name": "size", "title": "Size", "exclusive": True}]
    scoring = (*softmax_scoring(), GroupScoring(group="size", activation="softmax"))
    logits = np.random.default_rng(3).normal(size=(2, LABELS)).astype(np.float32)
    scores = Scorer(parse_label_space(space), scoring).scores(logits)
    assert np.array_equal(scores, scores_of(logits))


def test_tags_follow_the_parents_of_labels_whatever_groups_say() -> None:
    """Sneaker is below Shoes, although its group is below none."""
    groups = [{"name": name, "title": name, "exclusive": True} for name in ("type", "cat")]
    space = parse_label_space(
        {
            "version": "1",
            "groups": groups,
            "labels": [
                {"id": "sneaker", "name": "Sneaker", "group": "type", "parent": "shoes"},
                {"id": "shoes", "name": "Shoes", "group": "cat"},
                {"id": "bag", "name": "Bag", "group": "cat"},
            ],
        }
    )
    scores = np.array([[0.45, 0.45, 0.5]], np.float32)
    tags = select_tags(scores, np.full(3, 0.4, np.float32), space)
    assert tags.tolist() == [[False, False, True]]


def test_groups_below_each_other_are_hierarchies_of_their_own() -> None:
    space = hierarchy_space().model_dump()
    space["groups"] = [{**group, "parent": None} for group in space["groups"]]
    space["groups"][0]["parent"], space["groups"][1]["parent"] = "kind", "type"
    assert parse_label_space(space).hierarchies == (("kind", "type"),)
