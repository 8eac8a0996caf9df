"""Network outputs of one product -> its answer in the terms of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hangtag.arrays import BoolArray, FloatArray
from hangtag.bundle import Bundle, PredictionSets
from hangtag.engine import EngineOutput
from hangtag.errors import UnknownGroup
from hangtag.faults import shown
from hangtag.images.decode import ImageFacts
from hangtag.label_space import Group, LabelId, LabelSpace
from hangtag.near_names import name_hint
from hangtag.requests.product import Product
from hangtag.schema import (
    Candidate,
    GroupAnswer,
    ImageAnswer,
    ModelIdentity,
    Options,
    Tag,
    TagResponse,
)
from hangtag.scoring.decisions import (
    Thresholds,
    decide_group,
    fuse_photos,
    prediction_set,
    select_tags,
)

# Enough to compare two machines' answers, few enough to read.
_SCORE_DIGITS = 4
_EMBEDDING_DIGITS = 6


@dataclass(frozen=True)
class _Scored:
    """One product's scores: `photos` (P, L), `fused` (L,), `tags` (L,) says which labels hold."""

    photos: FloatArray
    fused: FloatArray
    tags: BoolArray
    thresholds: Thresholds
    sets: PredictionSets | None


def with_known_groups(product: Product, label_space: LabelSpace) -> Product:
    """Return the product with the names of its `options.groups` one by one.

    A name that has commas is that of a group; if there is none of that name, it is a list.

    Raises
    ------
    UnknownGroup : if a group does not exist, with the names that are near.
    """
    given = product.options.groups
    if given is None:
        return product
    names = tuple(
        dict.fromkeys(
            known
            for index, name in enumerate(given)
            for known in _known_groups(name, f"$.options.groups[{index}]", label_space)
        )
    )
    if names == given:
        return product
    return replace(product, options=product.options.model_copy(update={"groups": names}))


def _known_groups(given: str, path: str, label_space: LabelSpace) -> list[str]:
    if label_space.has_group(given):
        return [given]
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in names:
        if not label_space.has_group(name):
            hint = name_hint(name, [group.name for group in label_space.groups])
            raise UnknownGroup(f"There is no group {shown(name)}; {hint}.", path)
    return names


def answer_product(
    product: Product,
    images: Sequence[ImageFacts],
    output: EngineOutput,
    bundle: Bundle,
    identity: ModelIdentity,
    default_top_k: int,
) -> TagResponse:
    """Return the answer to one product; `output` has one row for each of its photos."""
    options, label_space = product.options, bundle.label_space
    groups = [
        group
        for group in label_space.groups
        if options.groups is None or group.name in options.groups
    ]
    scored = _score(output.logits, bundle)
    tags = [tag for group in groups for tag in _tags(group, scored, options, label_space)]
    top_k = options.top_k or default_top_k
    return TagResponse(
        product_id=product.product_id,
        tags=tags,
        groups={group.name: _group(group, scored, options, label_space, top_k) for group in groups},
        images=[
            ImageAnswer(
                index=index,
                width=image.width_px,
                height=image.height_px,
                warnings=list(image.warnings),
            )
            for index, image in enumerate(images)
        ],
        model=identity,
        embedding=_embedding(output.embeddings) if options.embedding else None,
    )


def _score(logits: FloatArray, bundle: Bundle) -> _Scored:
    thresholds = bundle.thresholds
    photos, fused = bundle.scorer.scores(logits), bundle.scorer.scores(fuse_photos(logits))
    tags = select_tags(fused[None], thresholds.tag, bundle.label_space)[0]
    return _Scored(photos, fused, tags, thresholds, bundle.manifest.prediction_sets)


def _tags(group: Group, scored: _Scored, options: Options, label_space: LabelSpace) -> list[Tag]:
    held = [
        index
        for index in _by_score(group, scored, label_space)
        if scored.tags[index] and scored.fused[index] >= options.min_score
    ]
    return [
        Tag(
            id=label_space.labels[index].id,
            name=label_space.labels[index].name,
            group=group.name,
            score=round(float(scored.fused[index]), _SCORE_DIGITS),
            threshold=round(float(scored.thresholds.tag[index]), _SCORE_DIGITS),
            path=label_space.path_of(label_space.labels[index]),
            images=_supporting_photos(scored, index),
        )
        for index in held
    ]


def _supporting_photos(scored: _Scored, index: int) -> list[int]:
    own_scores = scored.photos[:, index]
    reached = np.flatnonzero(own_scores >= scored.thresholds.tag[index])
    # Rounding can leave no photo at the threshold that their mean reached.
    return [int(i) for i in reached] or [int(own_scores.argmax())]


def _group(
    group: Group, scored: _Scored, options: Options, label_space: LabelSpace, top_k: int
) -> GroupAnswer:
    indices = list(label_space.indices_of_group(group.name))
    best = [
        index
        for index in _by_score(group, scored, label_space)[:top_k]
        if scored.fused[index] >= options.min_score
    ]
    return GroupAnswer(
        decision=decide_group(
            scored.fused[indices], scored.tags[indices], scored.thresholds.accept[indices]
        ),
        candidates=[
            Candidate(
                id=label_space.labels[index].id,
                name=label_space.labels[index].name,
                score=round(float(scored.fused[index]), _SCORE_DIGITS),
            )
            for index in best
        ],
        set=_prediction_set(group, scored, label_space),
    )


def _prediction_set(group: Group, scored: _Scored, label_space: LabelSpace) -> list[LabelId] | None:
    threshold = scored.sets.threshold_of(group.name) if scored.sets else None
    if threshold is None:
        return None
    ranked = _by_score(group, scored, label_space)
    held = prediction_set(scored.fused[ranked], threshold)
    return [label_space.labels[index].id for index, kept in zip(ranked, held, strict=True) if kept]


def _by_score(group: Group, scored: _Scored, label_space: LabelSpace) -> list[int]:
    return sorted(
        label_space.indices_of_group(group.name), key=lambda index: -float(scored.fused[index])
    )


def _embedding(embeddings: FloatArray) -> list[float]:
    """Return the product's embedding: the mean over its photos (P, E), at length 1."""
    mean = embeddings.mean(axis=0)
    unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return [round(float(value), _EMBEDDING_DIGITS) for value in unit]
