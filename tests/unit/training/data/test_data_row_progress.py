"""The bar of reading many rows."""

import pytest

from training.data.row_progress import show_progress


@pytest.mark.parametrize(("count", "is_shown"), [(100, False), (20_000, True)])
def test_only_many_rows_show_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, count: int, is_shown: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert sum(1 for _ in show_progress(range(count), "Reading")) == count
    assert sum(1 for _ in show_progress(iter(range(count)), "Reading", count)) == count
    shown = capsys.readouterr()
    assert ("Reading" in shown.err) is is_shown
    assert shown.out == ""
