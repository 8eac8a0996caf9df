"""`python -m deploy.install.make_variables GOAL … -- NAME=VALUE …`: refuses what make would ignore.

What a goal takes is what its line of help in the Makefile names: `DATA=folder` takes any value,
`QUICK=1` is a switch, and what stands after a colon but not in brackets must be given.
"""

import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Of the core only what needs no package.
from hangtag.cli.console import run_command

MAKEFILE = Path("Makefile")
# Of all goals: which Python, and what make itself is told.
_OF_ALL = frozenset({"PYTHON", "MAKEFLAGS", "SHELL"})
_SWITCH_VALUES = frozenset({"", "0", "1"})
_GOAL = re.compile(r"^([a-z0-9-]+):.*?## (.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9_]+)=([^\s\]|]*)")


@dataclass(frozen=True)
class Goal:
    """What a goal takes: `switches` are 1 or nothing; of `needed`, one set must be given whole."""

    variables: tuple[str, ...]
    switches: frozenset[str]
    needed: tuple[tuple[str, ...], ...]


def read_goals(makefile: str) -> dict[str, Goal]:
    """Return the goals of a Makefile by name."""
    return {goal: _goal(text) for goal, text in _GOAL.findall(makefile)}


def _goal(text: str) -> Goal:
    pairs = _VARIABLE.findall(text)
    unbracketed = re.sub(r"\[.*?\]", "", text.rpartition(": ")[2]) if ": " in text else ""
    needed = [tuple(_names(choice)) for choice in unbracketed.split(" or ")]
    return Goal(
        variables=tuple(dict.fromkeys(name for name, _ in pairs)),
        switches=frozenset(name for name, value in pairs if value == "1"),
        needed=tuple(filter(None, needed)),
    )


def _names(text: str) -> list[str]:
    return [name for name, _ in _VARIABLE.findall(text)]


def fault(goals: Mapping[str, Goal], called: Sequence[str], given: Mapping[str, str]) -> str | None:
    """Return what is wrong with a call of make in one sentence, or None.

    Parameters
    ----------
    goals : as `read_goals` returns them
    called : the goals of this call
    given : the variables of make's command line
    """
    for name in called:
        if name not in goals:
            return (
                f"There is no `make {name}`{_near(name, goals)}; `make help` lists what there is."
            )
    chosen = [goals[name] for name in called]
    faults = (
        *_strange(f"make {' '.join(called) or 'help'}", chosen, given),
        *_missing(dict(zip(called, chosen, strict=True)), given),
        *_no_folder(given),
    )
    return next(iter(faults), None)


def _strange(command: str, chosen: Sequence[Goal], given: Mapping[str, str]) -> Iterator[str]:
    taken = list(dict.fromkeys(name for goal in chosen for name in goal.variables))
    switches = frozenset().union(*(goal.switches for goal in chosen))
    for name, value in given.items():
        if name not in taken and name not in _OF_ALL:
            takes = f"it takes {', '.join(taken)}" if taken else "it takes no variables"
            yield f"`{command}` has no {name}{_near(name, taken)}; {takes}."
        if name in switches and value not in _SWITCH_VALUES:
            yield f"{name} is a switch: write {name}=1, or leave it out; {name}={value} is neither."


def _missing(chosen: Mapping[str, Goal], given: Mapping[str, str]) -> Iterator[str]:
    for name, goal in chosen.items():
        if goal.needed and not any(set(choice) <= given.keys() for choice in goal.needed):
            wanted = (" ".join(f"{each}=…" for each in choice) for choice in goal.needed)
            yield f"`make {name}` wants {', or '.join(wanted)}."


def _no_folder(given: Mapping[str, str]) -> Iterator[str]:
    data = given.get("DATA")
    # Known before gigabytes are installed.
    if data is not None and not _is_there(data):
        yield f"DATA={data} is not there; name the folder of your dataset."


def _is_there(folder: str) -> bool:
    try:
        return Path(folder).expanduser().exists()
    except RuntimeError:
        # Of a user who is not known here.
        return False


def _near(name: str, known: Iterable[str]) -> str:
    upper = {each.upper(): each for each in known}
    near = difflib.get_close_matches(name.upper(), upper, n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(upper[each] for each in near)}?)" if near else ""


def main(arguments: Sequence[str]) -> int:
    """Check one call of make; return the exit code."""
    divide = arguments.index("--")
    pairs = (text.partition("=") for text in arguments[divide + 1 :])
    given = {name: value for name, _, value in pairs}
    goals = read_goals(MAKEFILE.read_text(encoding="utf-8"))
    if sentence := fault(goals, arguments[:divide], given):
        print(f"error: {sentence}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(lambda: sys.exit(main(sys.argv[1:])))
