"""Files that are there whole, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to, which takes its place once all is written.

    After an error it is removed, and what `path` held before is still there.
    """
    unfinished = path.with_name(f"{path.name}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_files(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Yield what returns the path to write a file of the folder to, by its name.

    They take their places once all are written, the first one last; after an error, none does.
    """
    with ExitStack() as files:

        def begin(name: str) -> Path:
            folder.mkdir(parents=True, exist_ok=True)
            return files.enter_context(whole_file(folder / name))

        yield begin


def write_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
