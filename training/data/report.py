"""One report of all that is wrong with a dataset, instead of one error at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hangtag.errors import DataInvalid
from training.data.catalogue import Problem

_EXAMPLES_PER_KIND = 3


def check_problems(problems: Sequence[Problem], report_path: Path, skip_bad: bool) -> None:
    """Write the report, show it, and stop unless the bad rows and photos are to be skipped.

    Raises
    ------
    DataInvalid : if there are problems and `skip_bad` is false.
    """
    counts = Counter(problem.kind for problem in problems)
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "count": len(problems),
        "kinds": dict(counts.most_common()),
        "problems": [asdict(problem) for problem in problems],
    }
    report_path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if not problems:
        return
    Console(stderr=True).print(_table(problems, "Left out" if skip_bad else "Problems"))
    if not skip_bad:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
        raise DataInvalid(
            f"The dataset has {len(problems):,} bad rows or photos ({kinds}); {report_path} lists "
            "them all, and SKIP_BAD=1 goes on without them."
        )


def _table(problems: Sequence[Problem], title: str) -> Table:
    table = Table("Kind", "Count", "Where", "What", title=title)
    for kind, count in Counter(problem.kind for problem in problems).most_common():
        examples = [problem for problem in problems if problem.kind == kind][:_EXAMPLES_PER_KIND]
        for row, problem in enumerate(examples):
            first = (kind, f"{count:,}") if row == 0 else ("", "")
            table.add_row(*first, Text(problem.where), Text(problem.detail))
    return table
