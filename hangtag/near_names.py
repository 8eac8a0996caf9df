"""A name that does not exist -> the names that may have been meant."""

import difflib
from collections.abc import Collection

_MAX_NEAR = 3
# Below it difflib calls words near that nobody would mistake for each other.
_LEAST_LIKENESS = 0.7
# Comparing takes time with the square of the length; nobody misspells a name that long.
_MAX_COMPARED = 100
_LEAST_PREFIX = 3
_MAX_LISTED_CHARACTERS = 320


def near_names(name: str, known: Collection[str]) -> list[str]:
    """Return the known names that `name` may stand for, the nearest first, three at most.

    Names that differ in nothing but case, spaces and marks (`topK`, `top-k`) are the nearest.
    """
    plain = _plain(name)
    if not plain or len(name) > _MAX_COMPARED:
        return []
    by_plain: dict[str, list[str]] = {}
    for each in known:
        by_plain.setdefault(_plain(each), []).append(each)
    if plain in by_plain:
        return by_plain[plain][:_MAX_NEAR]
    matches = difflib.get_close_matches(plain, by_plain, _MAX_NEAR, _LEAST_LIKENESS)
    matches += [each for each in by_plain if _may_be(plain, each) and each not in matches]
    return [each for match in matches for each in by_plain[match]][:_MAX_NEAR]


def name_hint(name: str, known: Collection[str]) -> str:
    """Return the half sentence that goes after "there is no such name".

    `did you mean 'colour'? There are: colour, size`; without a full stop.
    """
    near = near_names(name, known)
    listed = _listing(sorted(known))
    if not near:
        return f"there {listed}"
    return f"did you mean {either(near)}? There {listed}"


def either(names: Collection[str]) -> str:
    """Return `'a', 'b' or 'c'`."""
    *others, last = [repr(name) for name in names]
    return f"{', '.join(others)} or {last}" if others else last


def _listing(known: list[str]) -> str:
    if not known:
        return "are none"
    if len(", ".join(known)) <= _MAX_LISTED_CHARACTERS:
        return f"are: {', '.join(known)}"
    return f"are {len(known)}, such as {', '.join(known[:5])}"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _may_be(plain: str, known: str) -> bool:
    """Whether it is a name's beginning, or its letters in another order, as in `tga`."""
    shortens = len(plain) >= _LEAST_PREFIX and known.startswith(plain)
    return shortens or sorted(plain) == sorted(known)
