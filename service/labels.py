"""The label space of a bundle, as callers may know it: without the network's output indices."""

from hangtag.bundle import Bundle
from hangtag.schema import GroupInfo, LabelInfo, LabelSpaceAnswer, ModelIdentity


def labels_of(bundle: Bundle, model: str, version: str) -> LabelSpaceAnswer:
    """Return all groups and labels, with the scores at which they hold."""
    manifest, space = bundle.manifest, bundle.label_space
    return LabelSpaceAnswer(
        model=ModelIdentity(
            name=model, version=version, bundle=bundle.digest, label_space=space.version
        ),
        target_precision=manifest.target_precision,
        coverage=manifest.prediction_sets.coverage if manifest.prediction_sets else None,
        groups=[
            GroupInfo(
                name=group.name, title=group.title, exclusive=group.exclusive, parent=group.parent
            )
            for group in space.groups
        ],
        labels=[
            LabelInfo(
                id=label.id,
                name=label.name,
                group=label.group,
                parent=label.parent,
                path=space.path_of(label),
                threshold=decision.threshold,
                accept_threshold=decision.accept_threshold,
            )
            for label, decision in zip(space.labels, manifest.decisions, strict=True)
        ],
    )
