"""The pages of the project, and the blocks of code in them."""

import re
import textwrap
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGES = (
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((PROJECT / "docs").glob("**/*.md")),
    *(PROJECT / "deploy" / name for name in ("README.md", "proxy/README.md")),
)
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of code that a page has in a language."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [textwrap.dedent(code) for _, named, code in found if named == language]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def shell_scripts(page: Path) -> list[str]:
    """Return what a page tells to run in a shell, without prompts."""
    console = [code.replace("$ ", "", 1) for code in blocks(page, "console")]
    return blocks(page, "bash") + console


def inline_code(page: Path) -> list[str]:
    """Return what stands between backticks in a page's prose."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(page))]


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, without their headers."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in row]
        for row, below in zip(rows, [*rows[1:], [""]], strict=True)
        if not row[0].strip().startswith("--") and not below[0].strip().startswith("--")
    ]


def section(page: Path, title: str) -> str:
    """Return a section of a page, from its heading to the next of its level."""
    text = page.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2]
    assert text, title
    return text.partition("\n## ")[0]
