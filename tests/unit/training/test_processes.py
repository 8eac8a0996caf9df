"""Other processes print as leniently as the first: a terminal may lack a character."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from training.data.photos import _decode_all
from training.data.pixel_file import Chunk
from training.demo.catalogue import _in_processes

CHUNKS = [Chunk(0, ()), Chunk(1, ())]


def say(_: object) -> list[str]:
    """What a process does here."""
    print("• said", flush=True)
    return ["done"]


@pytest.mark.parametrize(
    "in_processes",
    [lambda: _decode_all(CHUNKS, partial(say), workers=2), lambda: _in_processes(say, products=2)],  # type: ignore[arg-type]
    ids=["decode", "render"],
)
def test_what_they_print_fails_nothing(
    in_processes: partial[Iterable[object]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    assert len(list(in_processes())) == 2
    assert capfd.readouterr().out.count("- said") == 2
