"""The one training loop: of whole networks, of heads on embeddings, and of recipes to compare."""

import signal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, Checkpoint, ProgressBar
from pytorch_lightning.loggers import Logger
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessRaisedException

from hangtag.errors import HangtagError
from training.data.batch_seeds import BatchSeeds
from training.data.mixup import MixedTargets
from training.errors import RunInterrupted
from training.fit.checkpoints import WholeCheckpoints

Targets = Tensor | MixedTargets


class LossModule(pl.LightningModule):
    """Trains a network by a loss; a subclass may freeze layers, and change batches at random.

    optimizer : as Lightning takes it; None: the subclass makes its own
    seed : of what is random in each batch; None: as torch's generator comes
    """

    # Beside the progress bar.
    shows_loss = True

    def __init__(
        self, network: nn.Module, loss: nn.Module, optimizer: Any = None, seed: int | None = None
    ) -> None:
        super().__init__()
        self._optimizer = optimizer
        self.network = network
        self.loss = loss
        self._seeds = None if seed is None else BatchSeeds(seed)

    def on_train_epoch_start(self) -> None:
        """Count batches again; let all layers learn that shall."""
        if self._seeds is not None:
            self._seeds.begin_epoch(self.current_epoch)
        # Weights are loaded, and embeddings computed, in evaluation mode; Lightning leaves it so.
        self.network.train()
        self.freeze_layers()

    def freeze_layers(self) -> None:
        """Keep layers as they are; none by default."""

    def on_after_batch_transfer(
        self,
        batch: tuple[Tensor, Tensor],
        dataloader_idx: int,  # noqa: ARG002 - Lightning's
    ) -> tuple[Tensor, Targets]:
        """Change training photos on the device.

        Here, since `training_step` runs in reduced precision, whose coordinates would be a pixel
        off.
        """
        inputs, targets = batch
        if not self.trainer.training:
            return batch
        if self._seeds is not None:
            self._seeds.next_batch()
        return self.augment(inputs, targets)

    def augment(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Targets]:
        """Return a training batch changed at random; as it is by default."""
        return inputs, targets

    def training_step(self, batch: tuple[Tensor, Targets]) -> Tensor:
        """Return the loss."""
        inputs, targets = batch
        loss = self.batch_loss(inputs, targets)
        self.log_mean("train_loss", loss, inputs, prog_bar=self.shows_loss)
        return loss

    def batch_loss(self, inputs: Tensor, targets: Targets) -> Tensor:
        """Return the loss of a training batch, a scalar."""
        loss: Tensor = self.loss(self.network(inputs), targets)
        return loss

    def configure_optimizers(self) -> Any:
        """Return the optimiser, and its schedule if there is one."""
        return self._optimizer

    def log_mean(self, name: str, value: Tensor, inputs: Tensor, **options: Any) -> None:
        """Log a value of a batch as part of the epoch's mean."""
        self.log(
            name, value, on_epoch=True, on_step=False, sync_dist=True, batch_size=len(inputs),
            **options,
        )  # fmt: skip


def make_trainer(
    epochs: int,
    *,
    callbacks: Sequence[Callback],
    loggers: Sequence[Logger] = (),
    **options: Any,
) -> pl.Trainer:
    """Return a trainer that shows and keeps what its callbacks do, and no more.

    options : of Lightning's trainer: devices, precision, how steps are taken
    """
    return pl.Trainer(
        max_epochs=epochs,
        logger=list(loggers),
        callbacks=list(callbacks),
        enable_checkpointing=any(isinstance(callback, Checkpoint) for callback in callbacks),
        enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        # Ours know the order of an epoch.
        use_distributed_sampler=False,
        plugins=[WholeCheckpoints()],
        **options,
    )


def fit(
    trainer: pl.Trainer,
    module: pl.LightningModule,
    train: Iterable[Any],
    validation: Iterable[Any] | None = None,
    checkpoint: Path | None = None,
) -> None:
    """Train, and validate after each epoch if there is anything to validate on.

    checkpoint : to go on from

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    try:
        trainer.fit(module, train, validation, ckpt_path=checkpoint, weights_only=True)
    except (KeyboardInterrupt, SystemExit) as error:
        # SystemExit is how Lightning ends on Ctrl-C.
        raise RunInterrupted("Stopped.") from error
    except ProcessRaisedException as error:
        raise told_by_process(error) from error
    finally:
        if trainer.strategy.launcher is not None:
            # Processes that Ctrl-C did not reach would be waited for until they have finished.
            trainer.strategy.launcher.kill(signal.SIGKILL)


def told_by_process(error: ProcessRaisedException) -> Exception:
    """Return what another process raised, where it is a HangtagError; else the error itself."""
    last = str(error).strip().splitlines()[-1]
    named, _, sentence = last.partition(": ")
    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in _below(HangtagError)}
    return kinds[named](sentence) if named in kinds else error


def _below(kind: type[HangtagError]) -> Iterator[type[HangtagError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)
