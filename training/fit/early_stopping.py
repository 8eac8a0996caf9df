"""Ends a run that no longer gets better."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping


class EarlyStop(EarlyStopping):
    """Ends training after as many epochs without a better validation F1."""

    def __init__(self, epochs: int) -> None:
        super().__init__("val_micro_f1", mode="max", patience=epochs)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End at once what had ended before it was killed: upstream would train one more epoch."""
        del pl_module
        if self.wait_count >= self.patience:
            trainer.should_stop = True
