"""How one version of a label space becomes the next: a file that can be read, run and chained.

{"from_version": "1", "to_version": "2", "from_sha256": "sha256:…", "to_sha256": "sha256:…",
 "operations": [{"op": "merge", "from": [413, 414], "into": 412},
                {"op": "drop", "labels": [98]},
                {"op": "rename", "label": 77, "new_name": "Bright red", "new_id": 78},
                {"op": "reparent", "labels": [412], "parent": 21}]}
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hangtag.errors import DataInvalid, LabelSpaceInvalid
from hangtag.faults import first_fault
from hangtag.label_space import LabelId, LabelSpace
from training.labels.label_draft import LabelDraft
from training.labels.operations import Operation


class Migration(BaseModel):
    """The operations, in their order, between two label spaces that are known by their hashes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_version: str
    to_version: str
    from_sha256: str
    to_sha256: str
    operations: tuple[Operation, ...]

    def to_json(self) -> str:
        """Return the text of the file."""
        return self.model_dump_json(indent=1, by_alias=True) + "\n"


@dataclass(frozen=True)
class Migrated:
    """The label spaces before and after, and what became of each old label (its ID as text).

    None means that the label was dropped.
    """

    before: LabelSpace
    after: LabelSpace
    new_ids: dict[str, LabelId | None]


def read_migration(path: Path) -> Migration:
    """Read a migration file.

    Raises
    ------
    DataInvalid : if it cannot be read or is no migration.
    """
    try:
        return Migration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        fault = first_fault(error, Migration).at("it")
        raise DataInvalid(f"{path} is no migration: {fault}.") from error


def plan_migration(
    label_space: LabelSpace, to_version: str, operations: Sequence[Operation]
) -> Migration:
    """Return the migration that these operations make, with the hashes of both label spaces.

    Raises
    ------
    LabelSpaceInvalid : if an operation does not fit, there is none, or the version is not new.
    """
    if to_version == label_space.version:
        raise LabelSpaceInvalid(f"The label space is {to_version!r} already; name a new version.")
    if not operations:
        raise LabelSpaceInvalid("There is nothing to change in the label space.")
    return Migration(
        from_version=label_space.version,
        to_version=to_version,
        from_sha256=label_space.digest,
        to_sha256=operate(label_space, to_version, operations).after.digest,
        operations=tuple(operations),
    )


def migrate(label_space: LabelSpace, migrations: Sequence[Migration]) -> Migrated:
    """Apply one migration after another.

    Raises
    ------
    LabelSpaceInvalid : if a migration is of another version or another label space, or its
        result is not the one that its hash promises.
    """
    new_ids: dict[str, LabelId | None] = {str(label.id): label.id for label in label_space.labels}
    current = label_space
    for migration in migrations:
        _check_start(current, migration)
        step = operate(current, migration.to_version, migration.operations)
        if step.after.digest != migration.to_sha256:
            raise LabelSpaceInvalid(
                f"The migration to {migration.to_version!r} does not give the label space that its "
                "to_sha256 promises; plan it anew."
            )
        new_ids = {
            old: None if new is None else step.new_ids[str(new)] for old, new in new_ids.items()
        }
        current = step.after
    return Migrated(label_space, current, new_ids)


def operate(label_space: LabelSpace, to_version: str, operations: Sequence[Operation]) -> Migrated:
    """Return what the operations make of a label space; LabelSpaceInvalid if one does not fit."""
    draft = LabelDraft.of(label_space)
    for operation in operations:
        operation.apply(draft)
    return Migrated(label_space, draft.finish(to_version), draft.new_ids)


def _check_start(label_space: LabelSpace, migration: Migration) -> None:
    if label_space.version != migration.from_version:
        raise LabelSpaceInvalid(
            f"The migration starts at version {migration.from_version!r}, and the label space is "
            f"{label_space.version!r}; give the migrations in their order."
        )
    if label_space.digest != migration.from_sha256:
        raise LabelSpaceInvalid(
            f"This label space {label_space.version!r} is not the one that the migration was "
            "planned for (from_sha256); restore that one or plan the migration anew."
        )
