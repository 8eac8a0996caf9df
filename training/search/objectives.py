"""What a trial does: trains as a run would, and measures micro-F1 on the validation photos.

Never on calibration or test photos: what is promised and reported is measured on those.
"""

import gc

import numpy as np
import pytorch_lightning as pl
import torch

from hangtag.arrays import FloatArray
from hangtag.errors import SettingsInvalid
from hangtag.scoring.scorer import Scorer
from training.data.training_data import TrainingData
from training.evaluate.metrics import micro_f1
from training.fit.callbacks import EpochProgressBar
from training.fit.device import choose_devices
from training.fit.fine_tuning import make_module, make_tuning_trainer
from training.fit.linear_probe import embed_photos, fit_head, fit_head_first
from training.fit.loop import fit
from training.model.building import build_network
from training.model.losses import initial_scoring
from training.model.network import TaggerNetwork, build_head
from training.search.study import Objective, OnEpoch
from training.settings import TrainingSettings

# Tags are those above it, as in the figures that training shows after each epoch.
_THRESHOLD = 0.5


def require_searchable(settings: TrainingSettings) -> None:
    """Check that trials can do what the settings say.

    Raises
    ------
    SettingsInvalid : if they would train on several devices, or end early by themselves.
    """
    if settings.schedule.patience:
        raise SettingsInvalid(
            "The search itself ends bad trials early; leave schedule.patience out."
        )
    if not settings.quick and choose_devices(settings.hardware.devices) > 1:
        raise SettingsInvalid(
            "A trial trains on one device; leave the setting hardware.devices out."
        )


def objective_for(settings: TrainingSettings, data: TrainingData) -> Objective:
    """Return what the trials of a study do."""
    if settings.quick:
        network = build_network(settings, settings.network.weights, data.label_space)
        return QuickObjective(network, embed_photos(network, data.decoded.pixels, settings), data)
    return FineTuningObjective(data)


class FineTuningObjective:
    """Trains the whole network, without leaving checkpoints, a bundle or a report."""

    def __init__(self, data: TrainingData) -> None:
        self._data = data
        # Of the photos to learn from, by the network as it is before any trial, (N, E).
        self._embeddings: FloatArray | None = None

    def __call__(self, settings: TrainingSettings, on_epoch: OnEpoch) -> float | None:
        """Train, and return the micro-F1 after the last epoch; None if told to stop before it."""
        # The last trial's network and trainer refer to each other, and the next needs the memory.
        gc.collect()
        watch = _Watch(on_epoch)
        network = build_network(settings, settings.network.weights, self._data.label_space)
        if settings.schedule.head_epochs:
            fit_head_first(network, settings, self._data, self._embedded(network, settings))
        module = make_module(network, settings, self._data)
        trainer = make_tuning_trainer(settings, callbacks=[EpochProgressBar(), watch])
        fit(trainer, module, *self._data.dataloaders(settings, trainer.num_devices))
        return None if watch.has_stopped else watch.f1

    def _embedded(self, network: TaggerNetwork, settings: TrainingSettings) -> FloatArray:
        # What is searched changes nothing before the head.
        if self._embeddings is None:
            pixels, train = self._data.decoded.pixels, self._data.splits.train
            self._embeddings = embed_photos(network, pixels, settings, train)
        return self._embeddings


class _Watch(pl.Callback):
    """Tells of each epoch's micro-F1, and ends the training when asked to."""

    def __init__(self, on_epoch: OnEpoch) -> None:
        self._on_epoch = on_epoch
        self.f1 = 0.0
        self.has_stopped = False

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        self.f1 = float(trainer.callback_metrics["val_micro_f1"])
        epochs = trainer.current_epoch + 1
        stop = self._on_epoch(epochs, self.f1)
        # After the last epoch there is nothing left to stop.
        if stop and epochs != trainer.max_epochs:
            self.has_stopped = trainer.should_stop = True


class QuickObjective:
    """Fits heads of a network to its embeddings (N, E), which stay as they are in all trials."""

    def __init__(self, network: TaggerNetwork, embeddings: FloatArray, data: TrainingData) -> None:
        self._network = network
        self._embeddings = embeddings
        self._data = data

    def __call__(self, settings: TrainingSettings, on_epoch: OnEpoch) -> float:
        """Fit, and return the micro-F1; too soon done to be stopped before."""
        del on_epoch
        data, train = self._data, self._data.splits.train
        pl.seed_everything(settings.seed, verbose=False)
        self._network.head = build_head(
            self._embeddings.shape[1],
            settings.network.head_width,
            len(data.label_space),
            settings.network.dropout,
        )
        fit_head(
            self._network,
            self._embeddings[train],
            data.targets[train],
            data.label_space,
            settings,
            data.label_weights(settings.loss.class_weight_power),
        )
        return self._validation_f1(settings)

    def _validation_f1(self, settings: TrainingSettings) -> float:
        data, rows = self._data, self._data.splits.validation
        head = self._network.head.eval()
        with torch.no_grad():
            logits = head(torch.from_numpy(self._embeddings[rows])).numpy()
        scorer = Scorer(data.label_space, initial_scoring(data.label_space, settings.loss.name))
        thresholds = np.full(len(data.label_space), _THRESHOLD, np.float32)
        return micro_f1(scorer.scores(logits), data.targets[rows], thresholds, data.label_space)
