"""`hangtag baselines`: train the recipes of published write-ups beside a finished run."""

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors
from hangtag.files.full_disk import writing_into
from training.commands.options import FinishedRun
from training.layout import TEST_PHOTOS, require_finished

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
@one_sentence_errors
def compare(
    run: FinishedRun,
    out: Annotated[
        Path | None, typer.Option(help="Where the recipes go; default RUN/recipes.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only the recipe of this name; repeatable.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many passes each; default what each prescribes."),
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Of the run's train photos, to learn from.")
    ] = 1.0,
) -> None:
    """Train recipes on a run's photos, split and backbone, and compare on its test photos."""
    require_finished(run, TEST_PHOTOS)
    # Imported late: torch takes seconds, and --help should not.
    from bench.recipes.comparison import compare_with_recipes
    from bench.recipes.comparison_table import accuracy_table, describe_lead, summary_metrics_table
    from bench.recipes.write_ups import RECIPES
    from training.fit.loggers import quieten
    from training.tables import print_table

    quieten()
    names, out = only or list(RECIPES), out or run / "recipes"
    with writing_into(out):
        compared = compare_with_recipes(run, names, out, epochs, share)
    figures, page = compared.figures, compared.page
    print_table(summary_metrics_table(figures, compared.run, compared.recipes))
    print_table(accuracy_table(figures, compared.run, compared.recipes))
    lead = describe_lead(figures, compared.recipes)
    print(
        f"Compared {run} with {len(compared.recipes)} recipes: {lead}. The page is {page}, its "
        f"figures are in {page.with_suffix('.json')}; {out} keeps what was trained."
    )
