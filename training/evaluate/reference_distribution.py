"""What the tagger says of photos like those it was made for: the measure of drift in service."""

from collections import Counter

import numpy as np

from hangtag.arrays import FloatArray
from hangtag.bundle import GroupReference, ReferenceDistribution
from hangtag.label_space import Group, LabelSpace
from hangtag.scoring.decisions import Thresholds, decide_group, select_tags

# As exact as some thousand photos can say.
_DIGITS = 4


def reference_distribution(
    scores: FloatArray, thresholds: Thresholds, label_space: LabelSpace
) -> ReferenceDistribution:
    """Return the mean best score and the shares of decisions, by group.

    Parameters
    ----------
    scores : float32 (N, L), in [0, 1]; of test photos: on others something was chosen, and there
        the tagger is surer than it will be in service
    thresholds : of the L labels
    """
    tags = select_tags(scores, thresholds.tag, label_space)

    def of(group: Group) -> GroupReference:
        indices = list(label_space.indices_of_group(group.name))
        accept = thresholds.accept[indices]
        decisions = Counter(
            decide_group(own_scores, own_tags, accept)
            for own_scores, own_tags in zip(scores[:, indices], tags[:, indices], strict=True)
        )
        return GroupReference(
            group=group.name,
            mean_best_score=round(float(np.mean(scores[:, indices].max(axis=1))), _DIGITS),
            shares={name: round(count / len(scores), _DIGITS) for name, count in decisions.items()},
        )

    # A group without labels says nothing.
    groups = [each for each in label_space.groups if label_space.indices_of_group(each.name)]
    return ReferenceDistribution(photos=len(scores), groups=tuple(of(group) for group in groups))
