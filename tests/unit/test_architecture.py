"""Arrows point down: hangtag <- training, handlers, server <- loadtest <- bench, chaos."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# Each package's rooms, lowest first: a room imports those before it. docs/architecture.md draws it.
CORE = (
    *(
        "telemetry",
        "json_lines",
        "arrays",
        "errors",
        "near_names",
        "faults",
        "recognition",
        "files",
        "tables",
        "images",
    ),
    *("cgroup", "hardware", "isolation", "engine", "label_document", "label_space", "scoring"),
    *("bundle", "settings", "schema", "handover", "text", "requests"),
    *("responses", "tagger", "answering", "client", "bulk", "cli"),
)
TRAINING = (
    *("errors", "layout", "settings", "tables", "data", "model", "calibrate", "evaluate", "export"),
    *("fit", "run", "search", "data_report", "labels", "demo", "commands"),
)
SERVICE = (
    *("settings", "errors", "orders", "end_with_parent", "access_log", "bodies", "connection"),
    *(
        "cost",
        "wait_estimator",
        "line",
        "backends",
        "desk",
        "metrics",
        "exchange",
        "tracing",
        "responses",
    ),
    *(
        "routes",
        "labels",
        "inference_protocol",
        "openapi",
        "photo_urls",
        "pages",
        "documents",
        "edge",
        "process",
    ),
    "command",
)
ROOMS = {"hangtag": CORE, "training": TRAINING, "service": SERVICE}
# What no module of a package may import.
FORBIDDEN = {
    "hangtag": {"torch", "torchvision", "ts", "pytorch_lightning", "locust"},
    "handlers": {"torch", "torchvision"},
    "training": {"ts", "locust"},
    "server": {"torch", "torchvision"},
    "service": {"torch", "torchvision", "ts", "locust"},
    # It runs before there are any packages; of the core it may have what needs none (a test of its
    # own shows it).
    "deploy/install": {"rich", "typer"},
}
# Which other packages of the house each may import.
ALLOWED = {
    "hangtag": set(),
    "handlers": {"hangtag"},
    "training": {"hangtag"},
    "service": {"hangtag"},
    "server": {"hangtag", "service"},
    "deploy": {"hangtag", "server", "service"},
    "loadtest": {"hangtag", "server"},
    "chaos": {"hangtag", "server", "loadtest"},
    "bench": {"hangtag", "server", "training", "loadtest"},
}


def modules_of(folder: str) -> dict[str, Path]:
    """Dotted name -> file, of every module below a folder of the project."""
    found = {}
    for path in sorted((PROJECT / folder).rglob("*.py")):
        parts = path.relative_to(PROJECT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    assert found
    return found


def imports_of(path: Path) -> Iterator[str]:
    """The dotted names that a module imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_no_framework_of_others(package: str) -> None:
    for path in modules_of(package).values():
        assert not {name.split(".")[0] for name in imports_of(path)} & FORBIDDEN[package], path


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    others = ALLOWED.keys() - ALLOWED[package] - {package}
    for path in modules_of(package).values():
        assert not {name.split(".")[0] for name in imports_of(path)} & others, path


@pytest.mark.parametrize(("package", "rooms"), ROOMS.items())
def test_no_room_imports_upwards(package: str, rooms: tuple[str, ...]) -> None:
    for module, path in modules_of(package).items():
        if module == package:
            continue
        floor = rooms.index(module.split(".")[1])
        imported = {
            name.split(".")[1] for name in imports_of(path) if name.startswith(f"{package}.")
        }
        assert not imported & set(rooms[floor + 1 :]), module


@pytest.mark.parametrize("package", ALLOWED)
def test_no_modules_import_one_another_in_a_circle(package: str) -> None:
    modules = modules_of(package)
    graph = {
        module: {name for name in imports_of(path) if name in modules and name != module}
        # A package is imported with each module in it.
        - {module.rpartition(".")[0]}
        for module, path in modules.items()
    }
    TopologicalSorter(graph).prepare()


def test_the_order_of_rooms_is_that_of_the_folders() -> None:
    for package, rooms in ROOMS.items():
        there = {module.split(".")[1] for module in modules_of(package) if "." in module}
        assert there == set(rooms)
        assert all(earlier != later for earlier, later in pairwise(rooms))


# Files that are part of a command line, whose words make's are.
COMMAND_LINES = ("command.py", "wording.py")
MAKES_WORDS = re.compile(
    # But what make alone does.
    r"`make (?!setup)[a-z]"
    r"|(?<![\w.])(?:RUN|DATA|WEIGHTS|RESUME|SKIP_BAD|QUICK|STUDY|OUT|HOST|KEYS|PHOTOS|ARCHIVE)="
)


@pytest.mark.parametrize("package", ALLOWED)
def test_no_library_speaks_as_the_command_line_does(package: str) -> None:
    for path in modules_of(package).values():
        if path.name in COMMAND_LINES:
            continue
        said = [
            node.value
            for raised in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(raised, ast.Raise)
            for node in ast.walk(raised)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [text for text in said if MAKES_WORDS.search(text)], path


def test_loading_the_core_loads_no_torch() -> None:
    program = "import sys, hangtag.tagger; print('torch' in sys.modules or 'ts' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
