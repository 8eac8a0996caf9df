"""`hangtag labels migrate`: plan a new version of a label space, and move to it."""

from pathlib import Path
from typing import Annotated

import typer

from hangtag.cli.console import one_sentence_errors
from hangtag.cli.wording import command
from hangtag.errors import SettingsInvalid
from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import write_whole

app = typer.Typer(no_args_is_help=True, help="Move labels to a new version of the label space.")

Texts = list[str] | None


@app.command()
@one_sentence_errors
def plan(
    labels: Annotated[Path, typer.Option(help="labels.json as it is now.")],
    to_version: Annotated[str, typer.Option(help="Name of the new version.")],
    out: Annotated[Path, typer.Option(help="Where the migration file goes.")],
    merge: Annotated[Texts, typer.Option(help="FROM=INTO, by ID; repeatable.")] = None,
    drop: Annotated[Texts, typer.Option(help="An ID; repeatable.")] = None,
    rename: Annotated[Texts, typer.Option(help="ID=NEW NAME; repeatable.")] = None,
    new_id: Annotated[Texts, typer.Option(help="ID=NEW ID; repeatable.")] = None,
    reparent: Annotated[Texts, typer.Option(help="ID=PARENT, or ID= for none.")] = None,
    drop_below: Annotated[
        int | None, typer.Option(min=1, help="Drop labels of fewer photos of --data.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Dataset folder, for --drop-below.")] = None,
) -> None:
    """Write a migration file: merges, then new parents, names and IDs, then what is dropped."""
    from hangtag.label_space import read_label_space
    from training.labels.migration import plan_migration
    from training.labels.migration_plan import operations_of, rare_labels

    label_space = read_label_space(labels)
    operations = operations_of(
        merge=_pairs(merge, "--merge"),
        reparent=_pairs(reparent, "--reparent"),
        rename=_pairs(rename, "--rename"),
        new_id=_pairs(new_id, "--new-id"),
        drop=drop or [],
    )
    if drop_below is not None:
        if data is None:
            raise SettingsInvalid("--drop-below counts labels: name the dataset with --data.")
        operations += rare_labels(label_space, operations, data, drop_below)
    migration = plan_migration(label_space, to_version, operations)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, migration.to_json())
    count = len(migration.operations)
    print(
        f"Planned {count} operation{'' if count == 1 else 's'} from {migration.from_version!r} to "
        f"{migration.to_version!r}; they are in {out}."
    )
    to = out.with_suffix("") if out.suffix else out.with_name(f"{out.name}-applied")
    apply_it = command("labels migrate apply", labels=labels, migration=out, out=to, data=data)
    print(f"Next: {apply_it}")


@app.command()
@one_sentence_errors
def apply(
    labels: Annotated[Path, typer.Option(help="labels.json of the version to start from.")],
    migration: Annotated[list[Path], typer.Option(help="Migration file; repeat to chain.")],
    out: Annotated[Path, typer.Option(help="Folder for all that is written.")],
    data: Annotated[Path | None, typer.Option(help="Dataset folder to convert.")] = None,
    tags: Annotated[
        list[Path] | None, typer.Option(help="jsonl of answers or ID lists; repeatable.")
    ] = None,
) -> None:
    """Make the new labels.json, and convert a dataset folder and stored tags to it."""
    from hangtag.label_space import read_label_space
    from training.labels.migration import migrate, read_migration
    from training.labels.migration_run import convert_all, report_table
    from training.tables import print_table

    migrated = migrate(read_label_space(labels), [read_migration(path) for path in migration])
    with writing_into(out):
        converted = convert_all(migrated, out, data, tags or [])
    if converted.report:
        print_table(report_table(converted.report, migrated))
    print(
        f"Moved {len(migrated.before)} labels of {migrated.before.version!r} to "
        f"{len(migrated.after)} of {migrated.after.version!r}: {converted.rows:,} rows, "
        f"{converted.unlabelled:,} left without a label, {converted.lines:,} lines of stored tags. "
        f"All is in {out}."
    )
    if data:
        print(f"Next: {command('train', data=out)}")


def _pairs(texts: Texts, option: str) -> list[tuple[str, str]]:
    """Return [("412", "Tee")] of ["412=Tee"]."""
    pairs = [text.rpartition("=") for text in texts or []]
    for (left, equals, _), text in zip(pairs, texts or [], strict=True):
        if not equals or not left:
            raise SettingsInvalid(f"{option} {text} is no pair; write {option} ID=VALUE.")
    return [(left, right) for left, _, right in pairs]
