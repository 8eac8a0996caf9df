"""The README says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hangtag.bundle import Bundle
from server.frontend.build import built_hash, source_hash

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE))


def test_every_target_is_in_the_readme_and_the_other_way_round() -> None:
    assert targets() == set(re.findall(r"\bmake ([a-z0-9-]+)", README))


def test_every_variable_of_the_readme_is_used_by_the_makefile() -> None:
    table = README[README.index("## Make targets") : README.index("## Layout")]
    variables = set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", table))
    assert variables
    assert all(re.search(rf"\b{name}\b", MAKEFILE) for name in variables)


def test_every_linked_file_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    missing = [link for link in links if "://" not in link and not (PROJECT / link).exists()]
    assert missing == []


def test_the_python_example_runs_and_its_fault_looks_as_it_says(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    example, replaced = re.subn(r'load\("[^"]+"\)', f"load({str(tiny_bundle.folder)!r})", example)
    monkeypatch.chdir(PROJECT)
    exec(example, {})  # noqa: S102
    tags, fault = capsys.readouterr().out.splitlines()
    assert replaced == 1
    assert tags.startswith("[")
    said = re.search(r"the second line is `([^`]*) …`", README.replace("\n", " "))
    assert said is not None
    assert fault.startswith(said[1])


def test_the_jar_was_built_from_the_source_that_lies_beside_it() -> None:
    assert built_hash() == source_hash(), "run `make frontend`"
