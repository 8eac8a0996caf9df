"""Photos that are decoded at the same time share what memory there is for them."""

import io
import threading
import time

import pytest
from PIL import Image

from hangtag.images.decode import read_photo
from hangtag.images.formats import SUPPORTED_FORMATS
from hangtag.images.limits import ImageLimits
from hangtag.images.memory_budget import MemoryBudget, bytes_to_decode


def needed(kind: str, **options: object) -> int:
    buffer = io.BytesIO()
    Image.new("RGB", (100, 100), 5).save(buffer, kind, **options)
    return bytes_to_decode(read_photo(buffer.getvalue(), ImageLimits()))


@pytest.mark.parametrize("kind", SUPPORTED_FORMATS)
def test_what_a_photo_takes_is_known_of_each_format(kind: str) -> None:
    assert 20_000 <= needed(kind) <= 180_000


def test_a_jpeg_of_several_scans_is_kept_whole() -> None:
    assert needed("JPEG") < needed("JPEG", progressive=True)


def test_who_finds_no_room_waits_for_it() -> None:
    budget, events = MemoryBudget(100), []

    def take(name: str, wanted_bytes: int) -> None:
        with budget.reserve(wanted_bytes):
            events.append(name)

    with budget.reserve(60):
        large = threading.Thread(target=take, args=("large", 50))
        large.start()
        small = threading.Thread(target=take, args=("small", 40))
        small.start()
        small.join(10)
        time.sleep(0.05)
        events.append("room")
    large.join(10)
    assert events == ["small", "room", "large"]


def test_what_wants_more_than_there_is_has_it_alone() -> None:
    budget, events = MemoryBudget(100), []

    def take() -> None:
        with budget.reserve(1):
            events.append("other")

    with budget.reserve(1_000_000):
        other = threading.Thread(target=take)
        other.start()
        time.sleep(0.05)
        assert not events
    other.join(10)
    assert events == ["other"]


def test_room_is_given_back_after_a_failure() -> None:
    budget = MemoryBudget(100)
    with pytest.raises(ValueError, match="broken"), budget.reserve(100):
        raise ValueError("broken")
    with budget.reserve(100):
        pass
