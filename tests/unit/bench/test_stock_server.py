"""The stock handler's settings."""

from bench.stock_server import DOCUMENTED, StockSettings, hand_tuned


def test_the_baseline_is_the_documented_one() -> None:
    configuration = DOCUMENTED.model_configuration()
    assert configuration["batchSize"] == 8
    assert configuration["maxBatchDelay"] == 50
    # TorchServe chooses: one worker for each core.
    assert "minWorkers" not in configuration


def test_other_settings_are_other_settings() -> None:
    others = hand_tuned(cores=2)
    assert DOCUMENTED not in others
    assert len(set(others)) == len(others)
    assert StockSettings(workers=2, threads=1) in others


def test_settings_of_workers_reach_the_configuration() -> None:
    configuration = StockSettings(workers=3).model_configuration()
    assert (configuration["minWorkers"], configuration["maxWorkers"]) == (3, 3)
    assert StockSettings(threads=1).describe(workers=2)["threads_per_worker"] == 1
