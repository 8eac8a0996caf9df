"""The progress bar of a training run."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import RichProgressBar


class EpochProgressBar(RichProgressBar):
    """Lightning's bar without the number of the log folder, which says nothing here."""

    def get_metrics(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Return what stands beside the bar."""
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics

    def _get_train_description(self, current_epoch: int) -> str:
        # Lightning counts from 0; padded as its own is, lest the bar flicker.
        shown = f"Epoch {current_epoch + 1}/{self.trainer.max_epochs}"
        return f"{shown:{len(self.validation_description)}}"
