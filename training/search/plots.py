"""Pictures of a search: how it went, and which settings matter."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import optuna

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.exceptions import ExperimentalWarning
from optuna.importance import get_param_importances
from optuna.trial import TrialState
from optuna.visualization import matplotlib as pictures

_DPI = 110
_TARGET = "validation micro-F1"
# More would be too narrow to read.
_MOST_SETTINGS = 6


def plot_study(study: optuna.Study, folder: Path) -> list[Path]:
    """Draw what a study's trials allow to draw; return the paths of the PNGs."""
    with _optunas_style():
        figures = {
            "history": _figure(pictures.plot_optimization_history(study, target_name=_TARGET))
        }
        if any(trial.intermediate_values for trial in study.trials):
            axes = pictures.plot_intermediate_values(study)
            axes.set(xlabel="epochs", ylabel=_TARGET, title="Validation micro-F1 by epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            figures["epochs"] = _figure(axes)
        if _values_differ(study):
            figures |= _settings_figures(study)
        return [_save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _settings_figures(study: optuna.Study) -> dict[str, Figure]:
    shown = list(get_param_importances(study))[:_MOST_SETTINGS]
    importances = _figure(pictures.plot_param_importances(study, target_name=_TARGET))
    slices = _figure(pictures.plot_slice(study, shown, target_name=_TARGET))
    parallel = _figure(pictures.plot_parallel_coordinate(study, shown, target_name=_TARGET))
    slices.set_size_inches(2.5 * len(shown) + 2, 4)
    parallel.set_size_inches(2 * len(shown) + 2, 5)
    return {"importances": importances, "slices": slices, "parallel": parallel}


def _values_differ(study: optuna.Study) -> bool:
    """Whether there is a difference for the settings to explain."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return len({trial.value for trial in complete}) > 1


def _figure(axes: object) -> Figure:
    """Return the figure of what Optuna drew: one axes, or an array of them."""
    figure = np.ravel(np.asarray(axes, dtype=object))[0].figure
    if not isinstance(figure, Figure):
        raise TypeError(f"{axes} belongs to no figure")
    return figure


@contextmanager
def _optunas_style() -> Iterator[None]:
    # Its functions set matplotlib's style for good, and are called experimental since 2020.
    # Powers of ten are formulas; no label of a dataset is shown here.
    with mpl.rc_context({"text.parse_math": True}), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=_DPI, bbox_inches="tight")
    plt.close(figure)
    return path
