"""Candidate tags out of product texts, so that a catalogue without labels can start.

No model is needed: kinds with few words (colours, materials, …) come from the word lists in
english.py and german.py, article types from how product names are built, styles from how
adjectives end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelId, LabelSpace
from training.data.row_progress import show_progress
from training.labels.article_types import ArticleType, find_article_types
from training.labels.lexicon import Lexicon, Phrase
from training.labels.mentions import (
    COLOUR,
    EXCLUSIVE_KINDS,
    STYLE,
    SUBTYPE,
    TYPE,
    Tag,
    TagFinder,
)
from training.labels.product_texts import ProductText


@dataclass(frozen=True)
class MiningLimits:
    """What makes a candidate a label.

    `least_count` products at least hold it, `largest_share` of them at most (what nearly all have
    tells nothing), and it is among the `most_per_kind` most frequent of its kind.
    """

    least_count: int = 20
    most_per_kind: int = 40
    largest_share: float = 0.95


@dataclass(frozen=True)
class TagSummary:
    """A mined tag, in how many products it is, its mean tf-idf there, and one of their texts."""

    label_id: str
    kind: str
    name: str
    count: int
    weight: float
    example: str


@dataclass(frozen=True)
class MinedLabels:
    """A label space, the labels of each product that has any, and what there is to say of each.

    `unknown_groups` are those of a product that its texts leave open.
    """

    label_space: LabelSpace
    labels: Mapping[str, tuple[LabelId, ...]]
    unknown_groups: Mapping[str, tuple[str, ...]]
    summaries: tuple[TagSummary, ...]


def mine_labels(
    products: Sequence[ProductText], lexicon: Lexicon, limits: MiningLimits
) -> MinedLabels:
    """Return the labels that the texts speak of.

    Raises
    ------
    DataInvalid : if no tag is frequent enough.
    """
    types = find_article_types(
        _naming_phrases(products, lexicon), lexicon, limits.least_count, limits.most_per_kind
    )
    finder = TagFinder.of(lexicon, types, products)
    found = {
        product.product_id: finder.tags_of(product)
        for product in show_progress(products, "Mining tags")
    }
    kept = _frequent(found, limits)
    if not kept:
        raise DataInvalid(
            f"No tag occurs in {limits.least_count} of the {len(products):,} products or more; "
            "lower --least-count, or say which --language the texts are in."
        )
    labels = {
        product_id: tuple(label_id_of(tag) for tag in tags if tag in kept)
        for product_id, tags in found.items()
        if any(tag in kept for tag in tags)
    }
    label_space = _label_space(kept, types)
    unknown = {product_id: _left_open(found[product_id], label_space) for product_id in labels}
    return MinedLabels(label_space, labels, unknown, _summaries(products, found, kept))


def label_id_of(tag: Tag) -> str:
    """Return the ID of a mined tag, such as `colour:Navy Blue`."""
    return f"{tag.kind}:{tag.name}"


def _naming_phrases(products: Sequence[ProductText], lexicon: Lexicon) -> list[Phrase]:
    """Return the phrases that name each product: how its titles, else its descriptions, begin."""
    phrases = []
    for product in products:
        for text in product.titles or product.descriptions:
            phrases += lexicon.phrases(text, sentences=not product.titles)[:1]
    return phrases


def _frequent(found: Mapping[str, list[Tag]], limits: MiningLimits) -> dict[Tag, int]:
    """Return the tags within the limits with their counts, the most frequent of a kind first."""
    counts = Counter(tag for tags in found.values() for tag in tags)
    most_allowed = limits.largest_share * len(found)
    within = {
        tag: count
        for tag, count in counts.most_common()
        if limits.least_count <= count <= most_allowed
    }
    rank: Counter[str] = Counter()
    kept = {}
    for tag, count in within.items():
        rank[tag.kind] += 1
        if rank[tag.kind] <= limits.most_per_kind:
            kept[tag] = count
    return kept


def _label_space(kept: Mapping[Tag, int], types: Sequence[ArticleType]) -> LabelSpace:
    kinds = sorted({tag.kind for tag in kept}, key=_rank_of_kind)
    names = {article.stems: article.name for article in types}
    wider = {article.name: names.get(article.parent or ()) for article in types}
    groups = [
        Group(
            name=kind,
            title=kind.capitalize(),
            exclusive=kind in EXCLUSIVE_KINDS,
            parent=TYPE if kind == SUBTYPE and TYPE in kinds else None,
        )
        for kind in kinds
    ]
    labels = [
        Label(id=label_id_of(tag), name=tag.name, group=kind, parent=_parent(tag, wider, kept))
        for kind in kinds
        for tag in kept
        if tag.kind == kind
    ]
    return LabelSpace(version="mined-1", groups=tuple(groups), labels=tuple(labels))


def _left_open(tags: Sequence[Tag], label_space: LabelSpace) -> tuple[str, ...]:
    """Return the groups of which a product must have a label, but its texts name none.

    Every product has a colour, whether its title names it or not. But a title that names neither
    zip nor narrower type mostly means none; and a label without others in its group could only be
    learned as always there, if it were never known to be absent.
    """
    named = {tag.kind for tag in tags}
    return tuple(
        group.name
        for group in label_space.groups
        if group.exclusive
        and group.parent is None
        and len(label_space.indices_of_group(group.name)) > 1
        and group.name not in named
    )


def _rank_of_kind(kind: str) -> tuple[int, str]:
    first = (TYPE, SUBTYPE, COLOUR)
    return (first.index(kind) if kind in first else len(first) + (kind == STYLE), kind)


def _parent(tag: Tag, wider: Mapping[str, str | None], kept: Mapping[Tag, int]) -> str | None:
    parent = Tag(TYPE, wider.get(tag.name) or "")
    return label_id_of(parent) if tag.kind == SUBTYPE and parent in kept else None


def _summaries(
    products: Sequence[ProductText], found: Mapping[str, list[Tag]], kept: Mapping[Tag, int]
) -> tuple[TagSummary, ...]:
    weights = _mean_tf_idf(list(found.values()))
    examples: dict[Tag, str] = {}
    for product in products:
        for tag in found[product.product_id]:
            examples.setdefault(tag, product.first)
    ranked = sorted(kept, key=lambda tag: _rank_of_kind(tag.kind))
    return tuple(
        TagSummary(label_id_of(tag), tag.kind, tag.name, kept[tag], weights[tag], examples[tag])
        for tag in ranked
    )


def _mean_tf_idf(documents: list[list[Tag]]) -> dict[Tag, float]:
    """Return each tag's mean weight in the products that have it: high where it says much."""
    vectorizer = TfidfVectorizer(analyzer=list)
    weights = vectorizer.fit_transform(documents)
    totals = np.asarray(weights.sum(axis=0)).ravel()
    counts = np.asarray((weights > 0).sum(axis=0)).ravel()
    return {
        tag: float(totals[column] / counts[column])
        for tag, column in vectorizer.vocabulary_.items()
    }
