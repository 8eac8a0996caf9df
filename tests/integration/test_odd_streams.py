"""Real commands where what they print cannot be shown, or nobody reads it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.real_photos import PROJECT

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}


def run(folder: Path, command: str, redirections: str, **environment: str) -> bytes:
    """Run `hangtag …` in a shell; it must end well, whatever becomes of what it prints."""
    script = f'set -o pipefail; "$0" -m hangtag.cli {command} {redirections}'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable],
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A folder with texts that hold what ASCII and Latin-1 lack."""
    (tmp_path / "texte").mkdir()
    lines = ["image,title"]
    for number, title in enumerate(("Weißes Hemd ✓", "Grünes Hemd …", "Grünes Hemd – schön")):
        Image.new("RGB", (32, 32)).save(tmp_path / "texte" / f"{number}.png")
        lines.append(f"{number}.png,{title}")
    (tmp_path / "texte" / "products.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_table_is_printed_with_what_the_terminal_has(encoding: str, described: Path) -> None:
    mine = "labels mine --data texte --out mined --least-count 1"
    printed = run(described, mine, "", PYTHONIOENCODING=encoding).decode(encoding)
    shown = {"ascii": ("Wei?es Hemd ?", "Gr?n"), "latin-1": ("Weißes Hemd ?", "Grün")}
    for text in shown.get(encoding, ("Weißes Hemd ✓", "Grün")):
        assert text in printed


@pytest.mark.parametrize("redirections", ["| true", "> /dev/full", ">&- 2>&-"])
def test_a_command_does_its_work_for_nobody(redirections: str, tmp_path: Path) -> None:
    demo = "demo-catalogue --folder demo --products 10"
    run(tmp_path, demo, redirections, PYTHONIOENCODING="ascii")
    assert (tmp_path / "demo" / "products.csv").exists()


@pytest.mark.parametrize("redirections", ["2>&1 | true", "> /dev/full 2>&1"])
def test_help_and_mistakes_are_for_who_reads_them(redirections: str, tmp_path: Path) -> None:
    run(tmp_path, "serve --help", redirections, PYTHONIOENCODING="ascii")
    mistake = f'serve --no-such {redirections}; [ "${{PIPESTATUS[0]}}" = 2 ]'
    run(tmp_path, mistake, "", PYTHONIOENCODING="ascii")
