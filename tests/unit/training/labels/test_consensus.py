"""Labels of several workers: simulated ones, whose truth is known."""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hangtag.errors import DataInvalid
from hangtag.label_space import Group, Label, LabelSpace
from training.data import read_dataset
from training.data.votes import Answer
from training.labels.consensus import dawid_skene, majority
from training.labels.worker_answers import read_worker_answers, write_consensus

PHOTOS, LABELS = 300, 10
# Sensitivity, specificity: two who look and three who hurry.
WORKERS = {
    "careful": (0.95, 0.98),
    "good": (0.88, 0.97),
    "hasty": (0.55, 0.82),
    "guessing": (0.5, 0.78),
    "asleep": (0.3, 0.75),
}

CLOTHES = LabelSpace(
    version="1",
    groups=(
        Group(name="category", title="Category", exclusive=True),
        Group(name="type", title="Type", exclusive=True, parent="category"),
        Group(name="details", title="Details"),
    ),
    labels=(
        Label(id=1, name="Topwear", group="category"),
        Label(id=2, name="Bottomwear", group="category"),
        Label(id=11, name="T-shirt", group="type", parent=1),
        Label(id=12, name="Shirt", group="type", parent=1),
        Label(id=21, name="Skirt", group="type", parent=2),
        Label(id="zip", name="Zip", group="details"),
    ),
)


def plain_space(count: int) -> LabelSpace:
    labels = tuple(Label(id=number, name=str(number), group="g") for number in range(count))
    return LabelSpace(version="1", groups=(Group(name="g", title="G"),), labels=labels)


def simulate(
    workers: Mapping[str, tuple[float, float]], seed: int
) -> tuple[list[Answer], npt.NDArray[np.bool_]]:
    """Return all workers' answers to all photos, and the truth (P, L)."""
    rng = np.random.default_rng(seed)
    truth = rng.random((PHOTOS, LABELS)) < 0.2
    answers = []
    for photo in range(PHOTOS):
        for worker, (sensitivity, specificity) in workers.items():
            chance = rng.random(LABELS)
            said = np.where(truth[photo], chance < sensitivity, chance > specificity)
            answers.append(Answer(str(photo), worker, frozenset(np.flatnonzero(said).tolist())))
    return answers, truth


@pytest.mark.parametrize("seed", range(3))
def test_the_model_beats_majority_where_workers_differ(seed: int) -> None:
    answers, truth = simulate(WORKERS, seed)
    errors = {
        method: float(((method(answers, plain_space(LABELS)).probabilities > 0.5) != truth).mean())
        for method in (majority, dawid_skene)
    }
    assert errors[dawid_skene] < 0.6 * errors[majority]


def test_each_workers_quality_is_found() -> None:
    answers, _ = simulate(WORKERS, seed=1)
    qualities = dawid_skene(answers, plain_space(LABELS)).workers
    assert {quality.worker for quality in qualities} == set(WORKERS)
    for quality in qualities:
        sensitivity, specificity = WORKERS[quality.worker]
        assert quality.answers == PHOTOS
        assert quality.sensitivity == pytest.approx(sensitivity, abs=0.06)
        assert quality.specificity == pytest.approx(specificity, abs=0.03)


def test_the_certainty_can_be_trusted() -> None:
    answers, truth = simulate(WORKERS, seed=2)
    probabilities = dawid_skene(answers, plain_space(LABELS)).probabilities
    certainty = np.maximum(probabilities, 1 - probabilities)
    right = (probabilities > 0.5) == truth
    assert certainty.mean() == pytest.approx(right.mean(), abs=0.01)


def test_workers_who_answer_few_photos_count_too() -> None:
    answers, truth = simulate(WORKERS, seed=3)
    rng = np.random.default_rng(0)
    some = [answer for answer in answers if rng.random() < 0.6 or answer.worker == "careful"]
    believed = dawid_skene(some, plain_space(LABELS)).probabilities
    assert ((believed > 0.5) == truth).mean() > 0.95


def test_a_lone_worker_is_believed() -> None:
    answers, _ = simulate({"careful": (0.95, 0.98)}, seed=4)
    consensus = dawid_skene(answers, plain_space(LABELS))
    for index, answer in enumerate(answers):
        assert set(consensus.labels_of(index, plain_space(LABELS))) == answer.labels


def test_labels_that_exclude_each_other_never_both_hold() -> None:
    answers = [
        Answer("a", "1", frozenset({1, 11, "zip"})),
        Answer("a", "2", frozenset({1, 11, "zip"})),
        Answer("a", "3", frozenset({2, 21, 11, 1})),
    ]
    consensus = majority(answers, CLOTHES)
    assert consensus.labels_of(0, CLOTHES) == [1, 11, "zip"]
    undecided = consensus.probabilities.copy()
    undecided[0] = [0.6, 0.7, 0.9, 0.8, 0.7, 0.1]
    consensus = replace(consensus, probabilities=undecided)
    assert consensus.labels_of(0, CLOTHES) == [1, 11]


def test_ties_disputes_and_what_nobody_was_asked_is_unknown() -> None:
    answers = [
        *(Answer("agreed", worker, frozenset({1, 11})) for worker in "ab"),
        Answer("tied", "a", frozenset({1, 11})),
        Answer("tied", "b", frozenset({1, 12})),
        *(Answer("blank", worker, frozenset({1})) for worker in "ab"),
    ]
    consensus = majority(answers, CLOTHES)
    assert consensus.unknown_groups(CLOTHES) == [["details"], ["type", "details"], ["details"]]
    zipped = [Answer("zipped", "a", frozenset({"zip"})), Answer("zipped", "b", frozenset({1, 11}))]
    consensus = majority([*answers, *zipped], CLOTHES)
    assert consensus.unknown_groups(CLOTHES) == [[], ["type"], [], ["category", "type", "details"]]


def test_a_group_of_which_a_label_holds_is_known_if_it_is_exclusive() -> None:
    answers = [
        Answer("a", "1", frozenset({1, 11, 12})),
        Answer("a", "2", frozenset({1, 11})),
    ]
    consensus = majority(answers, CLOTHES)
    assert consensus.labels_of(0, CLOTHES) == [1, 11]
    assert consensus.unknown_groups(CLOTHES) == [["details"]]


def make_folder(folder: Path, *lines: object) -> Path:
    (folder / "images").mkdir(parents=True)
    (folder / "labels.json").write_text(CLOTHES.to_json())
    for number in range(2):
        Image.new("RGB", (40, 40), "red").save(folder / "images" / f"{number}.png")
    (folder / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def line(image: str, **answers: list[int | str]) -> dict[str, object]:
    given = [{"worker": worker, "labels": labels} for worker, labels in answers.items()]
    return {"image": image, "product_id": "SKU-" + image, "answers": given}


def test_from_answers_to_a_dataset(tmp_path: Path) -> None:
    source = make_folder(
        tmp_path / "source",
        line("0.png", ann=[11], bob=["T-shirt"], cid=[12, "zip"]),
        line("1.png", ann=[], bob=[], cid=["zip"]),
        line("9.png", ann=[21], bob=[21], cid=[21]),
    )
    lines, answers = read_worker_answers(source, CLOTHES)
    out = tmp_path / "out"
    written = write_consensus(lines, answers, majority(answers, CLOTHES), CLOTHES, source, out)
    assert (written.photos, written.missing, written.unlabelled) == (1, ("9.png",), ("1.png",))
    dataset = read_dataset(out)
    assert dataset.problems == ()
    (photo,) = dataset.photos
    assert photo.labels == {1, 11}
    assert photo.product_id == "SKU-0.png"
    assert photo.unknown_groups == set()
    with (out / "certainty.csv").open(newline="") as file:
        rows = [(r["image"], r["label"], r["holds"], r["certainty"]) for r in csv.DictReader(file)]
    assert rows[:4] == [
        ("0.png", "1", "yes", "1.0000"), ("0.png", "11", "yes", "0.6667"),
        ("0.png", "12", "no", "0.6667"), ("0.png", "zip", "no", "0.6667"),
    ]  # fmt: skip
    with (out / "workers.csv").open(newline="") as file:
        quality = {row["worker"]: float(row["informedness"]) for row in csv.DictReader(file)}
    assert quality["ann"] == quality["bob"] > quality["cid"]


def test_what_the_workers_leave_open_is_unknown_in_the_dataset(tmp_path: Path) -> None:
    source = make_folder(
        tmp_path / "source",
        line("0.png", ann=[11], bob=[12]),
        line("1.png", ann=[11, "zip"], bob=[11]),
    )
    lines, answers = read_worker_answers(source, CLOTHES)
    write_consensus(lines, answers, majority(answers, CLOTHES), CLOTHES, source, tmp_path / "out")
    made, raw = read_dataset(tmp_path / "out"), read_dataset(source)
    assert made.problems == ()
    assert [photo.unknown_groups for photo in made.photos] == [{"type"}, {"details"}]
    # The manifest itself says the same: label by label, which products.csv cannot.
    assert [photo.labels for photo in raw.photos] == [photo.labels for photo in made.photos]
    assert [photo.unknown_groups for photo in raw.photos] == [{"type"}, set()]
    assert raw.photos[1].unknown_labels == {"zip"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line("0.png", ann=[99])], r"answers\.jsonl:1: the label '99' of worker 'ann' is not in"),
        ([line("0.png", ann=[1]), line("0.png", bob=[1])], r"is already in answers\.jsonl:1"),
        ([line("0.png", ann=[1]), {"image": "1.png"}], r"answers\.jsonl:2: .*1 such lines"),
    ],
)
def test_answers_that_do_not_fit(tmp_path: Path, lines: list[object], message: str) -> None:
    source = make_folder(tmp_path / "source", *lines)
    with pytest.raises(DataInvalid, match=message):
        read_worker_answers(source, CLOTHES)
