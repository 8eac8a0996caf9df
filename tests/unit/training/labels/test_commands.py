"""The commands, from shell words to files and one last line."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from hangtag.cli.app import app
from hangtag.cli.wording import command
from hangtag.label_space import read_label_space


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["labels", *map(str, words)])


def make_texts(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    titles = ["Acme Red Shirt", "Acme Blue Shirt", "Acme Red Watch", "Acme Green Watch"]
    rows = ["image,title"]
    for number, title in enumerate(titles):
        Image.new("RGB", (40, 40), (60 * number, 0, 0)).save(folder / "images" / f"{number}.png")
        rows.append(f"{number}.png,{title}")
    (folder / "products.csv").write_text("\n".join(rows))
    return folder


def test_mine_then_migrate(tmp_path: Path) -> None:
    source, mined = make_texts(tmp_path / "texts"), tmp_path / "mined"
    result = run("mine", "--data", source, "--out", mined, "--least-count", 1)
    assert result.exit_code == 0, result.output
    *_, last, following = result.output.strip().splitlines()
    assert last.startswith("Mined 5 tags for 4 of 4 photos")
    assert following == f"Next: {command('train', data=mined)}"

    stored = tmp_path / "stored.jsonl"
    stored.write_text(json.dumps(["colour:Blue", "colour:Green"]) + "\n")
    migration, out = tmp_path / "migration.json", tmp_path / "next"
    result = run(
        "migrate", "plan", "--labels", mined / "labels.json", "--to-version", "2",
        "--out", migration, "--merge", "colour:Blue=colour:Red", "--rename", "type:Shirt=Top",
        "--new-id", "type:Shirt=7", "--reparent", "colour:Red=", "--drop-below", "2",
        "--data", mined,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Planned 5 operations from 'mined-1' to '2'")

    result = run(
        "migrate", "apply", "--labels", mined / "labels.json", "--migration", migration,
        "--out", out, "--data", mined, "--tags", stored,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Moved 5 labels of 'mined-1' to 3 of '2': 4 rows, 0 left" in result.output
    assert {label.id for label in read_label_space(out / "labels.json").labels} == {
        7, "type:Watch", "colour:Red",
    }  # fmt: skip
    assert json.loads((out / "stored.jsonl").read_text()) == ["colour:Red"]


def test_consensus(tmp_path: Path) -> None:
    source, mined = make_texts(tmp_path / "texts"), tmp_path / "mined"
    assert run("mine", "--data", source, "--out", mined, "--least-count", 1).exit_code == 0
    (source / "labels.json").write_text((mined / "labels.json").read_text())
    answers = [{"worker": worker, "labels": ["colour:Red"]} for worker in "abc"]
    lines = ({"image": f"{number}.png", "answers": answers} for number in range(4))
    (source / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for more in ([], ["--majority"]):
        out = tmp_path / f"agreed{len(more)}"
        result = run("consensus", "--data", source, "--out", out, *more)
        assert result.exit_code == 0, result.output
        assert "Labelled 4 photos by 3 workers" in result.output
        assert (out / "products.csv").read_text().count("colour:Red") == 4


def answered(folder: Path) -> Path:
    """A folder with what three workers said of its photos."""
    source = make_texts(folder)
    (source / "labels.json").write_text(json.dumps({"red": "Red", "blue": "Blue"}))
    answers = [{"worker": worker, "labels": ["red"]} for worker in "abc"]
    lines = ({"image": f"{number}.png", "answers": answers} for number in range(4))
    (source / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return source


def migratable(folder: Path) -> Path:
    """A dataset, a migration that leaves a photo without a label, and stored tags."""
    source = make_texts(folder)
    (source / "labels.json").write_text(json.dumps({"red": "Red", "blue": "Blue"}))
    (source / "products.csv").write_text("image,labels,product_id\n0.png,red,A\n1.png,blue,B\n")
    (source / "stored.jsonl").write_text('["red"]\n')
    plan = ("--to-version", "2", "--out", source / "migration.json", "--drop", "blue")
    assert run("migrate", "plan", "--labels", source / "labels.json", *plan).exit_code == 0
    return source


@pytest.mark.parametrize("cannot_be_written", ["labels.json", "tags.csv", "products.csv"])
def test_mining_leaves_a_whole_dataset_or_none(cannot_be_written: str, tmp_path: Path) -> None:
    source = make_texts(tmp_path / "texts")
    mine = ("mine", "--data", source, "--least-count", 1)
    leaves_all_or_nothing(mine, tmp_path / "out", cannot_be_written)


@pytest.mark.parametrize("cannot_be_written", ["labels.json", "certainty.csv", "workers.csv"])
def test_a_consensus_leaves_a_whole_dataset_or_none(cannot_be_written: str, tmp_path: Path) -> None:
    source = answered(tmp_path / "texts")
    leaves_all_or_nothing(("consensus", "--data", source), tmp_path / "out", cannot_be_written)


@pytest.mark.parametrize("cannot_be_written", ["labels.json", "unlabelled.csv", "stored.jsonl"])
def test_a_migration_leaves_a_whole_dataset_or_none(cannot_be_written: str, tmp_path: Path) -> None:
    source = migratable(tmp_path / "texts")
    labels, migration = source / "labels.json", source / "migration.json"
    apply = ("migrate", "apply", "--labels", labels, "--migration", migration)
    moved = ("--data", source, "--tags", source / "stored.jsonl")
    leaves_all_or_nothing((*apply, *moved), tmp_path / "out", cannot_be_written)


def leaves_all_or_nothing(command: tuple[object, ...], out: Path, cannot_be_written: str) -> None:
    """A command that failed for one of its files leaves none, so that it can be run again."""
    (out / f"{cannot_be_written}.part").mkdir(parents=True)
    assert run(*command, "--out", out).exit_code != 0
    assert [path.name for path in out.iterdir()] == [f"{cannot_be_written}.part"]
    (out / f"{cannot_be_written}.part").rmdir()
    result = run(*command, "--out", out)
    assert result.exit_code == 0, result.output
    assert (out / cannot_be_written).is_file()


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    source = make_texts(tmp_path / "texts")
    result = run("mine", "--data", source, "--out", tmp_path / "mined")
    assert result.exit_code == 1
    assert result.stderr.strip().splitlines() == [
        "No tag occurs in 20 of the 4 products or more; lower --least-count, or say which "
        "--language the texts are in."
    ]
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"1": "Red"}))
    plan = ("migrate", "plan", "--labels", labels, "--to-version", "2", "--out", tmp_path / "m")
    result = run(*plan, "--merge", "nothing")
    assert (result.exit_code, result.stderr.strip()) == (
        1, "--merge nothing is no pair; write --merge ID=VALUE.",
    )  # fmt: skip
    result = run(*plan, "--drop-below", "5")
    assert "name the dataset with --data" in result.stderr
