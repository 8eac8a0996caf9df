"""The pages say what is there, and their code runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from deploy.install.make_variables import Goal, fault, read_goals
from docs.commands import commands
from hangtag.bundle import Bundle
from server.frontend.build import built_hash, source_hash
from tests.documents import PAGES, PROJECT, blocks, inline_code, shell_scripts

README = PROJECT / "README.md"
PYTHON_PAGE = PROJECT / "docs" / "python.md"
MAX_README_WORDS = 900
GOALS = read_goals((PROJECT / "Makefile").read_text(encoding="utf-8"))
FOLDERS = [path.name for path in PROJECT.iterdir() if path.is_dir()]
# What git ignores is made by commands.
MADE = tuple(re.findall(r"^/(.+?)\*?$", (PROJECT / ".gitignore").read_text(), re.MULTILINE))


def name_of(page: Path) -> str:
    return str(page.relative_to(PROJECT))


every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def test_the_readme_is_a_page() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= MAX_README_WORDS


def test_every_target_of_make_is_in_its_table_and_the_other_way_round() -> None:
    page = (PROJECT / "docs" / "make.md").read_text(encoding="utf-8")
    assert set(GOALS) == set(re.findall(r"\bmake ([a-z0-9-]+)", page))


def test_every_variable_of_the_table_is_one_of_its_target() -> None:
    page = (PROJECT / "docs" / "make.md").read_text(encoding="utf-8")
    calls = re.findall(r"`make ([a-z0-9-]+) ([^`]+)`", page)
    assert len(calls) > 20
    for goal, rest in calls:
        assert set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", rest)) <= set(GOALS[goal].variables), goal


@every_page
def test_every_linked_file_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)}
    made = {page.with_name("commands.md")} if page.parent.name == "docs" else set()
    files = [page.parent / link for link in links if link and "://" not in link]
    assert [path for path in files if path not in made and not path.exists()] == []


@every_page
def test_every_path_that_is_named_is_there(page: Path) -> None:
    named = [code for code in inline_code(page) if code.partition("/")[0] in FOLDERS]
    paths = [code for code in named if re.fullmatch(r"[\w.*/-]+/[\w.*/-]*", code)]
    kept = [path for path in paths if not path.startswith(MADE)]
    assert [path for path in kept if not any(PROJECT.glob(path.rstrip("/")))] == []


@every_page
def test_json_can_be_parsed(page: Path) -> None:
    for block in blocks(page, "json"):
        assert json.loads(block)


@every_page
def test_shell_can_be_parsed(page: Path) -> None:
    for script in shell_scripts(page):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@every_page
def test_calls_of_make_are_such_as_it_takes(page: Path) -> None:
    for words in calls_of(shell_scripts(page), "make"):
        assert make_fault(words, GOALS) is None, words
    free = {name: replace(goal, needed=()) for name, goal in GOALS.items()}
    for words in calls_of(inline_code(page), "make"):
        # `make image [TAG=]`, as the table of targets writes it.
        assert "[" in " ".join(words) or make_fault(words, free) is None, words


@every_page
def test_calls_of_commands_are_such_as_they_take(page: Path) -> None:
    scripts = [*shell_scripts(page), *inline_code(page)]
    calls = [*calls_of(scripts, "hangtag"), *calls_of(scripts, "python -m")]
    for words in calls:
        name = max(filter(" ".join(words).startswith, house_commands()), key=len, default=None)
        module = PROJECT / words[2].replace(".", "/") / "__main__.py"
        assert name or words[2] in ("pip", "pytest") or module.exists(), words
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert not name or options <= house_commands()[name] | {"--help"}, words


def calls_of(scripts: list[str], command: str) -> Iterator[list[str]]:
    """The words of each call of a command, up to what ends it."""
    for script in scripts:
        for line in script.replace("\\\n", " ").splitlines():
            for call in re.split(r"[|;&] ", line):
                if re.match(rf"{command} [\w.]", call.strip()):
                    yield shlex.split(call, comments=True)


def make_fault(words: list[str], goals: dict[str, Goal]) -> str | None:
    given = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    # Its folder need not be there.
    folder = {"DATA": "."} if "DATA" in given else {}
    return fault(goals, [word for word in words[1:] if "=" not in word], {**given, **folder})


@cache
def house_commands() -> dict[str, set[str]]:
    """Each command's whole name -> its options."""
    return {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in commands()
    }


def run_python(
    page: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    (example,) = blocks(page, "python")
    example, replaced = re.subn(r'load\("[^"]+"\)', f"load({str(bundle.folder)!r})", example)
    assert replaced == 1
    monkeypatch.chdir(PROJECT)
    exec(example, {})  # noqa: S102
    return capsys.readouterr().out.splitlines()


def test_python_is_on_these_pages_alone() -> None:
    assert [page for page in PAGES if blocks(page, "python")] == [README, PYTHON_PAGE]


def test_the_python_of_the_readme_runs(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tags,) = run_python(README, tiny_bundle, monkeypatch, capsys)
    assert tags.startswith("[")


def test_the_python_example_runs_and_its_fault_looks_as_it_says(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tags, fault = run_python(PYTHON_PAGE, tiny_bundle, monkeypatch, capsys)
    assert tags.startswith("[")
    text = PYTHON_PAGE.read_text(encoding="utf-8").replace("\n", " ")
    said = re.search(r"the second line is `([^`]*) …`", text)
    assert said is not None
    assert fault.startswith(said[1])


@every_page
def test_lists_and_tables_stand_apart(page: Path) -> None:
    # GitHub reads them as such right after a line of text, the site's Markdown does not.
    text = re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    glued = re.findall(r"^(?![-*#|]|\d+\. | |$).+\n(?=[-*] |\d+\. |\|)", text, re.MULTILINE)
    assert glued == []


def test_the_jar_was_built_from_the_source_that_lies_beside_it() -> None:
    assert built_hash() == source_hash(), "run `make frontend`"
