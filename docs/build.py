"""`python -m docs.build`: makes the site of all pages in build/site; a broken link is an error."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.commands import command_reference
from hangtag.cli.console import run_command

PROJECT = Path(__file__).parents[1]
# Pages and pictures; links among them are the same on the site and in the project.
SOURCES = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"),
    *("docs/*.md", "docs/adr/*.md", "docs/images/*"),
    *("deploy/README.md", "deploy/proxy/README.md"),
    *("bench/results/*.md", "bench/results/*.png"),
)


def sources() -> Iterator[Path]:
    """Yield the files that the site is made of, relative to the project."""
    for pattern in SOURCES:
        yield from (path.relative_to(PROJECT) for path in sorted(PROJECT.glob(pattern)))


def build(folder: Path) -> int:
    """Build `folder/site`; return the generator's exit code, which has printed what is wrong."""
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    for path in sources():
        (pages / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / path, pages / path)
    (pages / "docs" / "commands.md").write_text(command_reference(), encoding="utf-8")
    shutil.copy(PROJECT / "docs" / "zensical.toml", folder)
    program = (sys.executable, "-m", "zensical", "build", "--strict", "--clean")
    return subprocess.run(program, cwd=folder).returncode


if __name__ == "__main__":
    run_command(lambda: sys.exit(build(PROJECT / "build")))
