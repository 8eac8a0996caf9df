"""Labelling manifests: the plain form, and SageMaker Ground Truth's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hangtag.errors import DataInvalid
from training.data import Dataset, label_matrix, read_answers, read_dataset


def answers(*labels_by_worker: list[Any]) -> list[dict[str, Any]]:
    return [{"worker": f"w{n}", "labels": labels} for n, labels in enumerate(labels_by_worker, 1)]


def plain(image: str, *labels_by_worker: list[Any], **more: Any) -> dict[str, Any]:
    return {"image": image, "answers": answers(*labels_by_worker), **more}


def ground_truth(image: str, value: Any, **metadata: Any) -> dict[str, Any]:
    return {
        "source-ref": f"s3://bucket/photos/{image}",
        "tags": value,
        "tags-metadata": {
            "job-name": "labeling-job/tags",
            "human-annotated": "yes",
            "creation-date": "2026-11-02T12:00:00.000000",
            **metadata,
        },
    }


def several(image: str, **names: str) -> dict[str, Any]:
    """Return a line of a job of several labels; the classes are given as c0="Zip"."""
    class_map = {number.removeprefix("c"): name for number, name in names.items()}
    return ground_truth(
        image,
        [int(number) for number in class_map],
        **{
            "class-map": class_map,
            "confidence-map": dict.fromkeys(class_map, 0.95),
            "type": "groundtruth/image-classification-multilabel",
        },
    )


def read(folder: Path, *lines: dict[str, Any] | str, name: str = "answers.jsonl") -> Dataset:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / name).write_text("\n".join(texts) + "\n")
    return read_dataset(folder)


def kinds(dataset: Dataset) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in dataset.problems]


def test_what_more_than_half_give_holds(folder: Path) -> None:
    line = plain("0.jpg", [412, "zip"], [412], [458, "zip"], product_id="SKU-1")
    dataset = read(folder, line)
    (photo,) = dataset.photos
    assert photo.labels == {21, 412, "zip"}
    assert (photo.product_id, photo.split) == ("SKU-1", None)
    assert (dataset.source, dataset.problems) == ("answers.jsonl", ())


def test_a_parent_has_the_votes_of_its_children(folder: Path) -> None:
    (photo,) = read(folder, plain("0.jpg", [412], [21], [458])).photos
    assert photo.labels == {21}
    assert photo.unknown_groups >= {"garment"}


def test_disagreement_is_unknown_and_not_negative(folder: Path) -> None:
    touch_all = plain("1.jpg", [412, "zip", "zip_two_way"])
    tied = plain("0.jpg", [412, "zip"], [458, "zip", "zip_two_way"])
    (photo, _) = read(folder, tied, touch_all).photos
    assert photo.labels == {"zip"}
    assert photo.unknown_groups == {"category", "garment"}
    assert photo.unknown_labels >= {"zip_two_way"}


def test_a_label_that_holds_decides_its_exclusive_group(folder: Path) -> None:
    """What half of the workers add to it excludes it, and so does not hold."""
    dataset = read(folder, plain("0.jpg", [412], [412, 458]), plain("1.jpg", [458, "zip"]))
    photo = dataset.photos[0]
    assert photo.labels == {21, 412}
    assert photo.unknown_groups == photo.unknown_labels == frozenset()
    assert not np.isnan(label_matrix([photo], dataset.label_space)).any()


def test_what_less_than_half_give_does_not_hold(folder: Path) -> None:
    (photo,) = read(folder, plain("0.jpg", [412, "zip"], [412], [412])).photos
    assert photo.labels == {21, 412}
    assert photo.unknown_groups == photo.unknown_labels == frozenset()


def test_groups_that_nobody_was_asked_for_are_unknown(folder: Path) -> None:
    (first, second) = read(folder, plain("0.jpg", ["zip"]), plain("1.jpg", ["zip_two_way"])).photos
    assert first.unknown_groups == second.unknown_groups == {"category", "garment"}
    assert first.unknown_labels == frozenset()


def test_no_majority_for_anything_is_a_problem(folder: Path) -> None:
    dataset = read(folder, plain("0.jpg", [412], [458], []), plain("1.jpg", [412]))
    assert kinds(dataset) == [("no_labels", "answers.jsonl:1")]
    assert "no label was given by more than half of 3" in dataset.problems[0].detail
    assert [photo.path.name for photo in dataset.photos] == ["1.jpg"]


def test_other_problems(folder: Path) -> None:
    dataset = read(
        folder,
        plain("99.jpg", [412]),
        plain("1.jpg", [412], [412], ["zipp"]),
        plain("2.jpg", [412]),
    )
    assert kinds(dataset) == [
        ("missing_photo", "answers.jsonl:1"),
        ("unknown_label", "answers.jsonl:2"),
    ]


def test_without_labels_json_the_answers_are_the_labels(folder: Path) -> None:
    (folder / "labels.json").unlink()
    dataset = read(folder, plain("0.jpg", ["Red", "Zip"], ["Red"]), plain("1.jpg", ["Blue"]))
    assert [label.id for label in dataset.label_space.labels] == ["Blue", "Red", "Zip"]
    assert [set(photo.labels) for photo in dataset.photos] == [{"Red"}, {"Blue"}]


def test_ground_truth_of_several_labels(folder: Path) -> None:
    dataset = read(
        folder, several("0.jpg", c0="Zip", c3="T-shirt"), several("1.jpg", c3="T-shirt"),
        name="output.manifest",
    )  # fmt: skip
    assert dataset.problems == ()
    read_labels = {photo.path.name: set(photo.labels) for photo in dataset.photos}
    assert read_labels == {"0.jpg": {21, 412, "zip"}, "1.jpg": {21, 412}}
    assert dataset.photos[0].path == folder / "images" / "0.jpg"


def test_ground_truth_of_a_single_label(folder: Path) -> None:
    line = ground_truth(
        "0.jpg", 1, **{"class-name": "Skirt", "type": "groundtruth/image-classification"}
    )
    assert read(folder, line).photos[0].labels == {24, 458}


def test_ground_truth_of_several_jobs(folder: Path) -> None:
    line = several("0.jpg", c0="Zip")
    line["kind"] = 1
    line["kind-metadata"] = {"class-name": "Skirt", "type": "groundtruth/image-classification"}
    assert read(folder, line).photos[0].labels == {24, 458, "zip"}


def test_a_name_of_two_labels_means_neither(folder: Path) -> None:
    space = json.loads((folder / "labels.json").read_text())
    space["labels"].append({"id": "zip2", "name": "Zip", "group": "details"})
    (folder / "labels.json").write_text(json.dumps(space))
    assert kinds(read(folder, several("0.jpg", c0="Zip"))) == [("unknown_label", "answers.jsonl:1")]


def test_a_photo_that_ground_truth_could_not_label(folder: Path) -> None:
    failed = ground_truth("0.jpg", [], **{"failure-reason": "The photo could not be loaded."})
    assert kinds(read(folder, failed, several("1.jpg", c0="Zip"))) == [
        ("no_labels", "answers.jsonl:1")
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "the line is not JSON"),
        ("[" * 100_000, "the line is not JSON"),
        ("[]", "the line is no JSON object"),
        ({"image": "0.jpg"}, "answers is missing"),
        (plain("0.jpg"), "answers must be a list of at least 1, and is a list of 0"),
        ({"image": "0.jpg", "answers": [{"labels": []}]}, r"answers.0.worker is missing"),
        (
            {"image": "0.jpg", "answers": [*answers(["zip"]), *answers(["zip"])]},
            "the worker 'w1' answers more than once",
        ),
        ({"source-ref": "s3://bucket/0.jpg"}, "has a source-ref and no answer"),
        (ground_truth("0.jpg", [4], **{"class-map": {"3": "Zip"}}), "the class '4' is not in"),
        (ground_truth("0.jpg", [4], **{"class-map": [3]}), "class-map must be "),
    ],
)
def test_a_malformed_line_is_a_problem(
    folder: Path, line: dict[str, Any] | str, message: str
) -> None:
    dataset = read(folder, plain("1.jpg", [412]), line)
    assert kinds(dataset) == [("malformed_row", "answers.jsonl:2")]
    assert message in dataset.problems[0].detail
    assert len(dataset.photos) == 1


def test_raw_answers(folder: Path) -> None:
    read(folder, plain("0.jpg", [412, "zip"], [458]), "no json")
    (line,), (problem,) = read_answers(folder)
    assert (line.where, line.image, line.product_id) == ("answers.jsonl:1", "0.jpg", "")
    given = {answer.worker: answer.labels for answer in line.answers}
    assert given == {"w1": {"412", "zip"}, "w2": {"458"}}
    assert problem.kind == "malformed_row"


def test_lines_of_windows_with_a_byte_order_mark(folder: Path) -> None:
    text = "\ufeff" + json.dumps(plain("0.jpg", ["zip"], note="\u2028")) + "\r\n\r\n"
    (folder / "a.jsonl").write_bytes(text.encode())
    assert read_dataset(folder).problems == ()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "no line of a labelling manifest .there is none"),
        (("{}",), r"answers\.jsonl:1: image is missing"),
    ],
)
def test_a_file_without_a_sound_line(folder: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataInvalid, match=message):
        read(folder, *lines)


def test_a_manifest_that_is_not_utf8(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes('{"image": "é.jpg"}'.encode("cp1252"))
    with pytest.raises(DataInvalid, match=r"a\.jsonl is not UTF-8"):
        read_dataset(folder)
