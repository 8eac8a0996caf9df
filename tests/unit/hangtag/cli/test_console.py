"""Errors that an operator can mend, as one sentence."""

import errno
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from hangtag.cli.console import expand_home, one_sentence_errors
from hangtag.errors import DataInvalid, SettingsInvalid


def _run_raising(error: BaseException) -> int | str | None:
    @one_sentence_errors
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as leaving:
        command()
    return leaving.value.code


def test_a_command_that_succeeds_returns_its_value() -> None:
    @one_sentence_errors
    def double(value: int, *, plus: int = 0) -> int:
        """Docs."""
        return 2 * value + plus

    assert double(3, plus=1) == 7
    assert double.__doc__ == "Docs."


@pytest.mark.parametrize(
    ("error", "exit_code", "sentence"),
    [
        (DataInvalid("No photos."), 1, "No photos."),
        (
            OSError(errno.ENOSPC, "full", "/big/file"),
            1,
            r"No space left on /big/file \([\d,.]+ MB free\); free some and run again\.",
        ),
        (
            OSError(errno.ENOSPC, "full"),
            1,
            r"No space left on the disk; free some and run again\.",
        ),
        (
            OSError(errno.ENOSPC, "full", "/source", None, "/target"),
            1,
            r"No space left on /target \([\d,.]+ MB free\); free some and run again\.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/runs"),
            1,
            "/runs cannot be written or read: Permission denied.",
        ),
        (
            shutil.Error([("a", "/target/a", "[Errno 28] No space left on device")]),
            1,
            r"No space left on /target/a \([\d,.]+ MB free\); free some and run again\.",
        ),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_mendable_errors_are_one_sentence(
    error: BaseException, exit_code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run_raising(error) == exit_code
    assert re.fullmatch(sentence, capsys.readouterr().err.removesuffix("\n"))


@pytest.mark.parametrize("bug", [ValueError("a bug"), FileNotFoundError(errno.ENOENT, "no")])
def test_other_errors_keep_their_traceback(bug: Exception) -> None:
    @one_sentence_errors
    def command() -> None:
        raise bug

    with pytest.raises(type(bug)):
        command()


def test_a_home_folder_that_nobody_has_is_one_sentence() -> None:
    with pytest.raises(SettingsInvalid, match="~nobody-of-that-name/data begins with a home"):
        expand_home(Path("~nobody-of-that-name/data"))
    assert expand_home(Path("~/data")) == Path.home() / "data"
    assert expand_home(Path("data")) == Path("data")


def test_without_a_folder_for_temporary_files_there_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])

    @one_sentence_errors
    def command() -> None:
        tempfile.mkdtemp()

    with pytest.raises(SystemExit):
        command()
    assert "name one with TMPDIR" in capsys.readouterr().err
