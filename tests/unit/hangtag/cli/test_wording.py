import pytest

from hangtag.cli.wording import in_operators_words, option

SENTENCE = (
    "There is no bundle yet; make one with `hangtag train data=folder`, or `hangtag labels mine`, "
    "name it with bundle=…, weights=none, size=3; skip_bad=true goes on, group_by=title does not."
)


def test_in_a_shell_settings_are_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANGTAG_MAKE", raising=False)
    assert in_operators_words(SENTENCE) == (
        "There is no bundle yet; make one with `hangtag train --data folder`, or `hangtag labels "
        "mine`, name it with --bundle …, --weights none, size=3; --skip-bad goes on, "
        "group_by=title does not."
    )
    assert option("learning-rate", "a b") == "--learning-rate 'a b'"


def test_under_make_they_are_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANGTAG_MAKE", "1")
    assert in_operators_words(SENTENCE) == (
        "There is no bundle yet; make one with `make train DATA=folder`, or `make mine`, name it "
        "with BUNDLE=…, WEIGHTS=none, size=3; SKIP_BAD=1 goes on, group_by=title does not."
    )
    assert option("learning-rate", 1) == "RATE=1"


@pytest.mark.parametrize(
    "text",
    [
        "a.weights=3",
        "xrun=1",
        "https://shop/?run-data=3",
        "quick=no",
        "lake/run=5/x.csv",
        "https://shop/?data=3&run=1",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert in_operators_words(text) == text
