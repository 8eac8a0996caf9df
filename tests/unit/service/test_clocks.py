"""Deadlines hold when somebody sets the clock."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parents[3] / "service"
MODULES = sorted(SERVICE.rglob("*.py"))
# The time on the wall; of the others the monotonic clocks are what is meant.
OF_THE_WALL = {
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
}
# When something was, for people to read.
TELLS_THE_TIME = {"access_log.py": {"datetime.now"}}


def clocks_read_in(source: str) -> Iterator[str]:
    """The last two names of each attribute that is a clock, and those that are imported bare."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in OF_THE_WALL:
                yield name
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from ({f"time.{alias.name}" for alias in node.names} & OF_THE_WALL)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SERVICE)))
def test_only_the_log_asks_what_time_it_is(module: Path) -> None:
    asked = set(clocks_read_in(module.read_text(encoding="utf-8")))
    assert asked == TELLS_THE_TIME.get(module.name, set())


@pytest.mark.parametrize(
    "source",
    [
        "import time\nlate = time.time() > 3",
        "from time import time\nlate = time() > 3",
        "import datetime\nnow = datetime.datetime.now()",
        "from datetime import datetime\nclock = datetime.utcnow",
    ],
)
def test_a_clock_on_the_wall_is_seen(source: str) -> None:
    assert len(list(clocks_read_in(source))) == 1


def test_other_clocks_are_none() -> None:
    assert list(clocks_read_in("import time\nnow = time.monotonic() + time.perf_counter()")) == []
