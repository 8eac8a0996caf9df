"""What is searched is what training knows."""

from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution

from hangtag.errors import SettingsInvalid
from training.search.space import FINE_TUNING, PRETRAINED, QUICK, Space, search_space, with_drawn
from training.settings import SETTING_NAMES, TrainingSettings, make_settings

DATA = Path("catalogue")
QUICK_SETTINGS = make_settings(DATA, {"quick": True})
KINDS = [
    pytest.param(PRETRAINED, make_settings(DATA, {"network.weights": "imagenet"}), id="pretrained"),
    pytest.param(FINE_TUNING, make_settings(DATA, {"network.weights": "none"}), id="from scratch"),
    pytest.param(QUICK, QUICK_SETTINGS, id="quick"),
]


def draws(space: Space, count: int) -> list[optuna.Trial]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [study.ask(space) for _ in range(count)]


@pytest.mark.parametrize(("space", "settings"), KINDS)
def test_each_name_is_a_setting(space: Space, settings: TrainingSettings) -> None:
    assert space.keys() <= set(SETTING_NAMES)


@pytest.mark.parametrize(("space", "settings"), KINDS)
def test_it_is_the_space_of_its_kind_of_run(space: Space, settings: TrainingSettings) -> None:
    assert search_space(settings, ()) == space


@pytest.mark.parametrize(("space", "settings"), KINDS)
def test_whatever_is_drawn_can_be_trained_with(space: Space, settings: TrainingSettings) -> None:
    for trial in draws(space, 50):
        drawn = with_drawn(settings, trial.params)
        assert all(
            drawn.value(name) == pytest.approx(value, rel=0.005)
            for name, value in trial.params.items()
            if value is not None
        )


# A value outside would be a warning, and so an error.
@pytest.mark.parametrize(("space", "settings"), KINDS)
def test_the_defaults_lie_within(space: Space, settings: TrainingSettings) -> None:
    defaults = {name: settings.value(name) for name in space}
    study = optuna.create_study()
    study.enqueue_trial(defaults)
    assert study.ask(space).params == defaults


def test_nothing_is_off_that_is_on_by_default() -> None:
    # The command of the best settings cannot say None.
    for name, distribution in PRETRAINED.items():
        if isinstance(distribution, CategoricalDistribution) and None in distribution.choices:
            assert make_settings(DATA).value(name) is None


def test_from_scratch_nothing_is_frozen_or_slow() -> None:
    assert not {"network.frozen_depth", "optimizer.backbone_lr_mult"} & FINE_TUNING.keys()


def test_what_is_given_is_not_searched() -> None:
    space = search_space(QUICK_SETTINGS, ["network.dropout", "schedule.epochs"])
    assert space.keys() == QUICK.keys() - {"network.dropout"}


def test_beside_a_contrastive_term_no_photos_are_mixed() -> None:
    settings = make_settings(DATA, {"network.weights": "imagenet", "loss.contrastive_weight": 0.5})
    space = search_space(settings, ["loss.contrastive_weight"])
    assert space.keys() == PRETRAINED.keys() - {"augmentation.mixup_alpha"}


def test_something_must_be_left_to_search() -> None:
    with pytest.raises(SettingsInvalid, match="leave some of them out"):
        search_space(QUICK_SETTINGS, list(QUICK))


def test_a_trial_has_no_more_digits_than_are_printed() -> None:
    drawn = with_drawn(QUICK_SETTINGS, {"optimizer.lr": 0.00123456, "data.batch_size": 64})
    assert (drawn.optimizer.lr, drawn.data.batch_size) == (0.00123, 64)
