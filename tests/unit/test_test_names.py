"""The names of tests are the same in every process: `make test` runs two of them."""

import gzip

from tests.conftest import pytest_make_parametrize_id


def test_cases_of_bytes_are_not_named_by_what_they_hold() -> None:
    earlier, later = gzip.compress(b"photo", mtime=1), gzip.compress(b"photo", mtime=2)
    assert earlier != later
    assert pytest_make_parametrize_id(earlier, "sent") == pytest_make_parametrize_id(later, "sent")
    assert pytest_make_parametrize_id("text", "sent") is None
