"""Trains recipes beside a finished run and measures all of them on the same test photos."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.recipes.finished_run import keep_split, load_run
from bench.recipes.result import load_or_train
from bench.recipes.write_ups import RECIPES
from hangtag.errors import SettingsInvalid
from training.evaluate import write_report
from training.run.lock import alone_in


@dataclass(frozen=True)
class Taught:
    """How many passes a tagger made over how many photos, and how many were prescribed."""

    name: str
    passes: int
    prescribed_passes: int
    photos: int

    @property
    def passes_text(self) -> str:
        """Such as "8", or "4 of 8" where the recipe was cut short."""
        cut = self.passes < self.prescribed_passes
        return f"{self.passes} of {self.prescribed_passes}" if cut else str(self.passes)


@dataclass(frozen=True)
class Comparison:
    """A run beside recipes.

    page : the run's evaluation page, with the recipes on it
    figures : the page's, see `training.evaluate.report_metrics.comparison`
    run, recipes : apart, for a run may be called what a recipe is
    """

    page: Path
    figures: dict[str, Any]
    run: Taught
    recipes: tuple[Taught, ...]


def compare_with_recipes(
    run_folder: Path, names: Sequence[str], out: Path, most_passes: int | None, share: float
) -> Comparison:
    """Train the recipes of these names, unless they are already, and write the run's page anew.

    Parameters
    ----------
    most_passes : over the photos, of each recipe; None: what each prescribes
    share : of the run's train photos, to learn from

    Raises
    ------
    SettingsInvalid : if there is no such recipe, or another process trains some into `out`.
    DataInvalid : if the run's photos, labels or split are no longer the same.
    RunInterrupted : on Ctrl-C.
    """
    if unknown := sorted(set(names) - set(RECIPES)):
        known = ", ".join(RECIPES)
        raise SettingsInvalid(f"There is no recipe {unknown[0]!r}; there are: {known}.")
    run = load_run(run_folder, out)
    if run.settings.network.weights == "none":
        print(f"{run_folder} began with random weights: recipes that freeze the body keep those.")
    limited = run.learning_from(share)
    recipes = [RECIPES[name].at_most(most_passes) for name in dict.fromkeys(names)]
    with alone_in(out, option="out"):
        keep_split(run, out)
        beside = {each.name: load_or_train(each, limited, out / each.name) for each in recipes}
    page = write_report(run.evaluated, run_folder, beside)
    epochs, photos = run.settings.schedule.epochs, len(run.data.splits.train)
    few = len(limited.data.splits.train)
    return Comparison(
        page=page,
        figures=json.loads(page.with_suffix(".json").read_text(encoding="utf-8")),
        run=Taught(run_folder.resolve().name, epochs, epochs, photos),
        recipes=tuple(
            Taught(each.name, each.passes, RECIPES[each.name].passes, few) for each in recipes
        ),
    )
