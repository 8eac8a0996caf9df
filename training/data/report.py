"""One report of all that is wrong with a dataset, instead of one error at a time."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hangtag.errors import DataInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import write_whole
from training.data.dataset import Problem
from training.data.remarks import remark

_EXAMPLES_PER_CAUSE = 3
_CAUSES_PER_KIND = 3
_SHOWN_CHARACTERS = 200


def check_problems(problems: Sequence[Problem], report_path: Path, skip_bad: bool) -> None:
    """Write the report, show it, and stop unless the bad rows and photos are to be skipped.

    The file has all problems; what is shown has a few examples of each cause.

    Raises
    ------
    DataInvalid : if there are problems and `skip_bad` is false.
    """
    _write(problems, report_path)
    if not problems:
        return
    remark("\n".join(_summary(problems, "Left out" if skip_bad else "Problems")))
    if not skip_bad:
        raise DataInvalid(
            f"The dataset has {len(problems):,} bad rows or photos ({_kinds(problems)}); "
            f"{report_path} lists them all, and skip_bad=true goes on without them."
        )


def refuse_empty(problems: Sequence[Problem], photos: int, report_path: Path) -> None:
    """Write and show the report, and stop, if the problems have left no photo at all.

    Raises
    ------
    DataInvalid : if `photos`, the number of those left, is 0.
    """
    if photos:
        return
    _write(problems, report_path)
    remark("\n".join(_summary(problems, "Problems")))
    raise DataInvalid(
        f"No photo is left: all rows or photos are bad ({_kinds(problems)}); {report_path} lists "
        "them all."
    )


def with_problems(error: DataInvalid, problems: Sequence[Problem], path: Path) -> DataInvalid:
    """Return an error that the rows and photos left out may have caused, with what they are.

    If there are any, the report is written and shown.
    """
    if not problems:
        return error
    _write(problems, path)
    remark("\n".join(_summary(problems, "Left out")))
    return DataInvalid(
        f"{error} {len(problems):,} bad rows or photos are left out ({_kinds(problems)}); {path} "
        "lists them all."
    )


def _write(problems: Sequence[Problem], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "count": len(problems),
        "kinds": dict(Counter(problem.kind for problem in problems).most_common()),
        "problems": [_record(problem) for problem in problems],
    }
    with writing_into(path.parent):
        write_whole(path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def _record(problem: Problem) -> dict[str, Any]:
    record = asdict(problem)
    return record if problem.cause else {k: v for k, v in record.items() if k != "cause"}


def _kinds(problems: Sequence[Problem]) -> str:
    counts = Counter(problem.kind for problem in problems)
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())


def _summary(problems: Sequence[Problem], title: str) -> Iterator[str]:
    """Yield a line for each kind, one for each of its causes, and a few examples of each."""
    by_kind: dict[str, dict[str, list[Problem]]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, {}).setdefault(problem.cause, []).append(problem)
    yield f"{title}:"
    for kind, by_cause in sorted(by_kind.items(), key=lambda item: -_count(item[1])):
        yield f"{_count(by_cause):,} x {kind}"
        causes = sorted(by_cause.items(), key=lambda item: -len(item[1]))
        for cause, found in causes[:_CAUSES_PER_KIND]:
            yield from _cause_lines(cause, found)
        if left := sum(len(found) for _, found in causes[_CAUSES_PER_KIND:]):
            yield f"  {left:,} more, of {len(causes) - _CAUSES_PER_KIND:,} other causes"


def _count(by_cause: dict[str, list[Problem]]) -> int:
    return sum(map(len, by_cause.values()))


def _cause_lines(cause: str, found: Sequence[Problem]) -> Iterator[str]:
    if cause:
        yield f"  {len(found):,}: {cause}"
    for problem in found[:_EXAMPLES_PER_CAUSE]:
        yield _shortened(f"    {problem.where}: {problem.detail}")


def _shortened(line: str) -> str:
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
