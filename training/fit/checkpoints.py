"""Where a run can be gone on with."""

import pickle
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.plugins.io import TorchCheckpointIO

from hangtag.files.full_disk import writing_into
from hangtag.files.whole_file import whole_file
from training.layout import BEST_CHECKPOINT, CHECKPOINTS
from training.model.divergence import all_numbers

# A kill may cut the newest one short.
_KEPT = 2


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all, in the folder where it belongs.

    Lightning's own writes it twice, first to the temporary folder, and leaves parts in both where a
    disk is full.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a checkpoint.

        Raises
        ------
        DiskFull : naming the folder.
        """
        del storage_options
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Through a file of Python's: torch's own hides that the disk is full.
        with writing_into(path.parent), whole_file(path) as unfinished, unfinished.open("wb") as to:
            torch.save(checkpoint, to)


class _RunCheckpoints(ModelCheckpoint):
    """Goes on where it stopped, even if the run's folder has been moved since."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what a checkpoint knows of the others, which lie beside it."""
        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        moved = {
            "dirpath": self.dirpath,
            "best_k_models": {
                self._beside(path): score for path, score in state_dict["best_k_models"].items()
            },
            **{name: self._beside(state_dict[name]) for name in paths},
        }
        super().load_state_dict({**state_dict, **moved})

    def _beside(self, path: str) -> str:
        # Empty where there is none.
        return str(Path(self.dirpath or "", Path(path).name)) if path else path


class EpochCheckpoints(_RunCheckpoints):
    """Leaves a checkpoint after each epoch, and removes those before the newest two."""

    def __init__(self, run_folder: Path) -> None:
        super().__init__(
            run_folder / CHECKPOINTS,
            filename="{epoch:03d}",
            save_top_k=-1,
            save_on_train_epoch_end=True,
            # An epoch that is done again, after one was cut short, takes its place.
            enable_version_counter=False,
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save, then remove."""
        super().on_train_epoch_end(trainer, pl_module)
        if trainer.is_global_zero and self.dirpath is not None:
            for checkpoint in _newest_first(Path(self.dirpath))[_KEPT:]:
                checkpoint.unlink()


class BestCheckpoint(_RunCheckpoints):
    """Leaves a checkpoint of the epoch with the best validation F1."""

    def __init__(self, run_folder: Path) -> None:
        super().__init__(
            run_folder / CHECKPOINTS,
            filename=Path(BEST_CHECKPOINT).stem,
            monitor="val_micro_f1",
            mode="max",
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )


def newest_checkpoint(run_folder: Path) -> Path | None:
    """Return the newest checkpoint of a run that can be read: a kill may have cut one short.

    Releases before this one also kept weights that were no numbers any more: those are passed over.
    """
    return next(filter(is_sound, epoch_checkpoints(run_folder)), None)


def has_checkpoints(run_folder: Path) -> bool:
    """Whether anything lies where checkpoints do, whether or not it can be read."""
    return any((run_folder / CHECKPOINTS).glob("*.ckpt"))


def epoch_checkpoints(run_folder: Path) -> list[Path]:
    """Return those that epochs left, the newest first; people may have put others beside them."""
    return _newest_first(run_folder / CHECKPOINTS)


def _newest_first(folder: Path) -> list[Path]:
    checkpoints = folder.glob("epoch=*.ckpt")
    # By name, too: clocks of file systems are coarse.
    return sorted(checkpoints, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint can be read to its end."""
    return _read(checkpoint) is not None


def is_sound(checkpoint: Path) -> bool:
    """Whether a checkpoint can be read to its end, and its weights are numbers."""
    document = _read(checkpoint)
    return document is not None and all_numbers(document.get("state_dict", {}).values())


def _read(checkpoint: Path) -> dict[str, Any] | None:
    try:
        document = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        return None
    return document if isinstance(document, dict) else {}


def take_best(module: pl.LightningModule, run_folder: Path) -> None:
    """Give a module the weights that its best epoch had."""
    best = torch.load(
        run_folder / CHECKPOINTS / BEST_CHECKPOINT, map_location="cpu", weights_only=True
    )
    module.load_state_dict(best["state_dict"])
