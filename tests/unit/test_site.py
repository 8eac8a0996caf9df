"""The site: every page is built, links are checked, and no page fetches from foreign hosts."""

import re
from pathlib import Path

import pytest

from docs import build as site
from docs.build import build, sources
from tests.documents import PAGES, PROJECT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert build(folder) == 0
    return folder / "site"


def test_every_page_is_in_it(built: Path) -> None:
    for page in PAGES:
        path = page.relative_to(PROJECT).with_suffix(".html")
        assert (built / path.parent / path.name.replace("README", "index")).is_file(), path


def test_the_commands_are_in_it(built: Path) -> None:
    page = (built / "docs" / "commands.html").read_text(encoding="utf-8")
    assert page.count("Usage: ") > 20


def test_no_page_fetches_from_foreign_hosts(built: Path) -> None:
    fetched = re.compile(
        r"<(?:script|img|iframe|source)[^>]*src=.?https?:|<link[^>]*href=.?https?:"
    )
    # Its script would fetch the program that draws them.
    drawn = 'class="mermaid"'
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not fetched.search(text), page
        assert drawn not in text, page
    for style in built.rglob("*.css"):
        assert "url(http" not in style.read_text(encoding="utf-8"), style


def test_a_broken_link_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    for path in sources():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes((PROJECT / path).read_bytes())
    (project / "docs" / "zensical.toml").write_bytes((PROJECT / "docs/zensical.toml").read_bytes())
    with (project / "docs" / "api.md").open("a", encoding="utf-8") as page:
        page.write("\n[gone](requests.md#no-such-part)\n")
    monkeypatch.setattr(site, "PROJECT", project)
    assert build(tmp_path / "built") == 1
