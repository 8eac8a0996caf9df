"""The head alone: the backbone stays as it is, its embeddings are computed once, a head is fitted.

Quick mode is that and no more: a first tagger on one's own catalogue in about a minute on two
cores, with the same bundle as one that was fine-tuned. Fine-tuning begins with it: a body that
learns from a head that knows nothing forgets (Kumar et al. 2022, https://arxiv.org/abs/2202.10054).
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from hangtag.arrays import FloatArray, Indices
from hangtag.bundle import MODEL
from hangtag.engine import Precision, load_engine, supported_precisions
from hangtag.errors import DataInvalid
from hangtag.files.full_disk import writing_into
from hangtag.label_space import LabelSpace
from training.data.training_data import TrainingData
from training.errors import RunInterrupted
from training.export.onnx_file import export_quickly, write_head
from training.fit.callbacks import Divergence, EpochProgressBar
from training.fit.loop import LossModule, fit, make_trainer
from training.fit.optimizer import make_optimizer, momentum_cycle
from training.model.divergence import require_numbers
from training.model.losses import TaggingLoss
from training.model.network import Outputs, TaggerNetwork, build_head
from training.settings import TrainingSettings, head_phase

_BATCH = 64
# As a share of the median. Many bins of the colour histograms are nearly always empty.
_LEAST_DEVIATION = 0.1
# Of a number in bf16, in which embeddings may be computed.
_ROUNDING = 2**-8


def fit_quickly(
    network: TaggerNetwork, settings: TrainingSettings, data: TrainingData, exported: Path
) -> Outputs:
    """Fit the network's head to the photos to learn from; return its outputs for all photos.

    Parameters
    ----------
    exported : ONNX file to write, the network with its fitted head

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    """
    train = data.splits.train
    weights = data.label_weights(settings.loss.class_weight_power)
    try:
        export_quickly(network.eval(), settings.data.size_px, exported)
        embeddings = _embed(exported, data.decoded.pixels)
        require_numbers(network, embeddings, "embeddings")
        fit_head(
            network, embeddings[train], data.targets[train], data.label_space, settings, weights
        )
    except (KeyboardInterrupt, RunInterrupted) as error:
        raise RunInterrupted("Stopped; a quick run starts from the beginning.") from error
    write_head(exported, network.head)
    with torch.no_grad():
        logits = network.head.eval()(torch.from_numpy(embeddings)).numpy()
    return Outputs(logits, embeddings)


def fit_head_first(
    network: TaggerNetwork,
    settings: TrainingSettings,
    data: TrainingData,
    embeddings: FloatArray | None = None,
) -> None:
    """Fit the network's head to the photos to learn from, for `head_epochs`.

    embeddings : of those photos, (N, E), where they are known already

    Raises
    ------
    RunInterrupted : on Ctrl-C while the head is fitted.
    """
    train = data.splits.train
    if embeddings is None:
        embeddings = embed_photos(network, data.decoded.pixels, settings, train)
    weights = data.label_weights(settings.loss.class_weight_power)
    phase = head_phase(settings)
    fit_head(network, embeddings, data.targets[train], data.label_space, phase, weights)


def embed_photos(
    network: TaggerNetwork,
    pixels: npt.NDArray[np.uint8],
    settings: TrainingSettings,
    rows: Indices | None = None,
) -> FloatArray:
    """Return the embeddings (N, E) of photos uint8 (N, 3, S, S), or of some of them.

    By the engine that will serve the tagger: on CPUs it is several times as fast as torch.

    Raises
    ------
    TrainingDiverged : if they are no numbers, as those of broken weights are not.
    """
    with tempfile.TemporaryDirectory() as folder, writing_into(Path(folder)):
        exported = Path(folder) / MODEL
        export_quickly(network.eval(), settings.data.size_px, exported)
        embeddings = _embed(exported, pixels, rows)
    require_numbers(network, embeddings, "embeddings")
    return embeddings


def _embed(
    exported: Path, pixels: npt.NDArray[np.uint8], rows: Indices | None = None
) -> FloatArray:
    # bf16 moves an embedding by less than the next photo of the same product does.
    precision: Precision = "bf16" if "bf16" in supported_precisions() else "fp32"
    engine = load_engine({"fp32": exported, precision: exported}, precision=precision)
    rows = np.arange(len(pixels)) if rows is None else rows
    starts = range(0, len(rows), _BATCH)
    return np.concatenate(
        [
            engine.run(np.ascontiguousarray(pixels[rows[start : start + _BATCH]])).embeddings
            for start in track(starts, description="Embedding photos")
        ]
    )


def fit_head(
    network: TaggerNetwork,
    embeddings: FloatArray,
    targets: FloatArray,
    label_space: LabelSpace,
    settings: TrainingSettings,
    weights: Tensor | None = None,
) -> None:
    """Fit the network's head to embeddings (N, E) and targets (N, L).

    Raises
    ------
    RunInterrupted : on Ctrl-C.
    DataInvalid : if all embeddings are the same.
    TrainingDiverged : if the loss or the weights are no numbers any more.
    """
    _require_differences(embeddings)
    mean, deviation = embeddings.mean(axis=0), _deviation(embeddings)
    standardised = torch.from_numpy((embeddings - mean) / deviation)
    head = build_head(
        embeddings.shape[1], settings.network.head_width, len(label_space), settings.network.dropout
    )
    loss = TaggingLoss(
        label_space,
        settings.loss.name,
        weights=weights,
        label_smoothing=settings.loss.label_smoothing,
    )
    batches: DataLoader[tuple[Tensor, ...]] = DataLoader(
        TensorDataset(standardised, torch.from_numpy(targets)),
        batch_size=settings.data.batch_size,
        shuffle=True,
        drop_last=len(embeddings) > settings.data.batch_size,
    )
    optimizer = make_optimizer(
        [{"params": list(head.parameters()), "lr": settings.optimizer.lr}],
        partial(momentum_cycle, steps=settings.schedule.epochs * len(batches)),
        weight_decay=settings.optimizer.weight_decay,
    )
    module = LossModule(nn.Sequential(nn.Dropout(settings.network.dropout), head), loss, optimizer)
    callbacks = [EpochProgressBar(), Divergence(settings.optimizer.lr)]
    fit(
        make_trainer(settings.schedule.epochs, callbacks=callbacks, accelerator="cpu"),
        module,
        batches,
    )
    _take_over(network.head, head, torch.from_numpy(mean), torch.from_numpy(deviation))


def _require_differences(embeddings: FloatArray) -> None:
    """Check that embeddings (N, E) differ by more than number formats round."""
    spread, size = np.ptp(embeddings, axis=0), np.abs(embeddings).max(axis=0)
    if len(embeddings) > 1 and (spread <= _ROUNDING * size).all():
        raise DataInvalid(
            f"The network sees no difference between the {len(embeddings):,} photos to learn from: "
            "there is nothing to learn; look at the photos, and at the weights that it began with."
        )


def _deviation(embeddings: FloatArray) -> FloatArray:
    """Return (E,): standard deviations, none so small that a rare colour would be extreme."""
    deviation: FloatArray = embeddings.std(axis=0)
    floored: FloatArray = np.maximum(deviation, _LEAST_DEVIATION * np.median(deviation))
    # What is the same in all photos stays so.
    return np.where(floored > 0, floored, np.float32(1))


def _take_over(head: nn.Module, fitted: nn.Module, mean: Tensor, deviation: Tensor) -> None:
    """Set a head on plain embeddings so that it gives what `fitted` gives on standardised ones."""
    head.load_state_dict(fitted.state_dict())
    first = next(layer for layer in head.modules() if isinstance(layer, nn.Linear))
    with torch.no_grad():
        first.weight.div_(deviation)
        first.bias.sub_(first.weight @ mean)
