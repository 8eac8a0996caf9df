"""training -> hangtag <- handlers, and the core knows neither torch nor TorchServe."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FORBIDDEN = {
    "hangtag": {
        "training",
        "handlers",
        "server",
        "torch",
        "torchvision",
        "ts",
        "pytorch_lightning",
    },
    "handlers": {"training", "server", "torch", "torchvision"},
    "training": {"handlers", "server", "ts"},
    "server": {"handlers", "training"},
    # It runs before there are any packages; of the core it may have what needs none (a test of its
    # own shows it).
    "install": {"handlers", "server", "training", "rich", "typer"},
}


def imported_packages(path: Path) -> set[str]:
    """The top-level packages that a module names in any import, also inside functions."""
    packages = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            packages.add(node.module.split(".")[0])
    return packages


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    modules = list((PROJECT / room).rglob("*.py"))
    assert modules
    for path in modules:
        assert not imported_packages(path) & FORBIDDEN[room], path


def test_loading_the_core_loads_no_torch() -> None:
    program = "import sys, hangtag.tagger; print('torch' in sys.modules or 'ts' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
