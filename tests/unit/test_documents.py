"""The pages say what is there, and their code runs."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from deploy.install.make_variables import Goal, fault, read_goals
from docs.commands import commands
from hangtag.bundle import Bundle
from hangtag.cli.wording import MAKE_TARGETS
from tests.documents import PAGES, PROJECT, blocks, inline_code, shell_scripts

README = PROJECT / "README.md"
PYTHON_PAGE = PROJECT / "docs" / "python.md"
ADR = PROJECT / "docs" / "adr"
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
    files = [page.parent / link for link in links if link and "://" not in link]
    assert [path for path in files if not path.exists()] == []


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"^- \[.+\]\((.+)\)$", (ADR / "README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == sorted(path.name for path in ADR.glob("0*.md"))


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
def test_calls_of_modules_are_such_as_there_are(page: Path) -> None:
    for words in calls_of([*shell_scripts(page), *inline_code(page)], "python -m"):
        module = PROJECT / words[2].replace(".", "/") / "__main__.py"
        assert words[2] in ("pip", "pytest") or module.exists(), words


@every_page
def test_calls_of_commands_are_such_as_they_take(page: Path) -> None:
    scripts = [*shell_scripts(page), *inline_code(page)]
    short = [script.replace("python -m hangtag.cli", "hangtag") for script in scripts]
    for words in calls_of(short, "hangtag"):
        name = command_called(words)
        given = words[len(name.split()) :]
        # `hangtag COMMAND --help`
        is_group = any(other.startswith(f"{name} ") for other in house_commands())
        assert not is_group or not given or given[0] == "COMMAND" or given[0][0] == "-", words
        options = {word.partition("=")[0] for word in given if word.startswith("--")}
        assert options <= house_commands()[name] | {"--help"}, words


def test_every_command_is_on_a_page() -> None:
    text = " ".join(word for page in PAGES for word in page.read_text(encoding="utf-8").split())
    groups = {name.rpartition(" ")[0] for name in house_commands()}
    for name in house_commands().keys() - groups:
        verb = name.removeprefix("hangtag ")
        target = MAKE_TARGETS.get(verb, verb)
        assert f"hangtag {verb}" in text or f"make {target}" in text, name


def command_called(words: list[str]) -> str:
    """The longest name of a command that a call begins with."""
    starts = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
    return max(set(starts) & set(house_commands()), key=len)


def calls_of(scripts: list[str], command: str) -> Iterator[list[str]]:
    """The words of each call of a command, up to what ends it, wherever the command lies."""
    for script in scripts:
        for line in script.replace("\\\n", " ").splitlines():
            for call in re.split(r"[|;&] ", line):
                called = re.match(rf"(?:\S+/bin/)?({command} [\w.].*)", call.strip())
                if called:
                    yield shlex.split(called[1], comments=True)


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
    page: Path,
    bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """What a page's first example prints."""
    example, replaced = re.subn(
        r'load\("[^"]+"\)', f"load({str(bundle.folder)!r})", blocks(page, "python")[0]
    )
    assert replaced == 1
    monkeypatch.chdir(PROJECT)
    exec(example, {})  # noqa: S102
    return capsys.readouterr().out.splitlines()


def test_python_is_on_these_pages_alone() -> None:
    clients = PROJECT / "docs" / "clients.md"
    assert {page for page in PAGES if blocks(page, "python")} == {README, PYTHON_PAGE, clients}


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


class Answering(BaseHTTPRequestHandler):
    """Answers as docs/api.md shows it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(blocks(PROJECT / "docs" / "api.md", "json")[0].encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_the_python_client_prints_the_tags_of_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, example, _ = blocks(PYTHON_PAGE, "python")
    monkeypatch.chdir(PROJECT)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"127.0.0.1:{server.server_port}"
        exec(example.replace("127.0.0.1:8080", address), {})  # noqa: S102
        server.shutdown()
        thread.join()
    assert capsys.readouterr().out == "['Dress']\n"


@every_page
def test_lists_and_tables_stand_apart(page: Path) -> None:
    # GitHub reads them as such right after a line of text, the site's Markdown does not.
    text = re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    glued = re.findall(r"^(?![-*#|]|\d+\. | |$).+\n(?=[-*] |\d+\. |\|)", text, re.MULTILINE)
    assert glued == []
