"""What an installation may lack."""

from collections.abc import Iterator

import pytest

from hangtag.images import heif


@pytest.fixture
def without_heic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have it that pi-heif is not installed."""
    monkeypatch.setattr(heif, "find_spec", lambda name: None)
    _forget()
    yield
    _forget()


def _forget() -> None:
    heif.can_read_heic.cache_clear()
    heif._tell_operator.cache_clear()
