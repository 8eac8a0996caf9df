"""How many photos each label, group and product has."""

from collections import Counter
from typing import Any

import numpy as np

from training.data_report.dataset import ReportedDataset

# Fewer examples than this are too few to learn a label from and to measure it on.
RARE_PHOTOS = 20


def group_figures(dataset: ReportedDataset) -> dict[str, Any]:
    """Return the figures of each group that has labels, by its name."""
    return {name: _group(dataset, name) for name in dataset.group_names}


def label_figures(dataset: ReportedDataset) -> dict[str, Any]:
    """Return name, group, photos and whether it is rare of each label, by its ID."""
    photos = (dataset.targets == 1).sum(axis=0)
    unknown = np.isnan(dataset.targets).sum(axis=0)
    return {
        str(label.id): {
            "name": label.name,
            "group": label.group,
            "photos": int(photos[index]),
            "unknown": int(unknown[index]),
            "rare": bool(photos[index] < RARE_PHOTOS),
        }
        for index, label in enumerate(dataset.label_space.labels)
    }


def product_figures(dataset: ReportedDataset) -> dict[str, Any]:
    """Return the number of products, and how many have as many photos (`by_photos`)."""
    photos_of = Counter(photo.product_id for photo in dataset.photos)
    by_photos = Counter(photos_of.values())
    return {
        "products": len(photos_of),
        "by_photos": {str(count): by_photos[count] for count in sorted(by_photos)},
    }


def _group(dataset: ReportedDataset, name: str) -> dict[str, Any]:
    """Return one group's figures.

    `unknown`: photos of which no label of the group is known to hold and some may; `none`: those
    that are known to have none. `rare`: labels that occur, but seldom.
    """
    group, columns = dataset.label_space.group(name), dataset.columns_of(name)
    targets = dataset.targets[:, columns]
    photos = (targets == 1).sum(axis=0)
    labelled = (targets == 1).any(axis=1)
    unknown = np.isnan(targets).any(axis=1) & ~labelled
    most = int(photos.argmax())
    return {
        "title": group.title,
        "exclusive": group.exclusive,
        "labels": len(columns),
        "unused": int((photos == 0).sum()),
        "rare": int(((photos > 0) & (photos < RARE_PHOTOS)).sum()),
        "labelled": int(labelled.sum()),
        "none": int((~labelled & ~unknown).sum()),
        "unknown": int(unknown.sum()),
        "labels_a_photo": float(photos.sum() / max(labelled.sum(), 1)),
        "most_frequent": dataset.label_space.labels[columns[most]].name,
        "most_frequent_share": float(photos[most] / max(labelled.sum(), 1)),
    }
