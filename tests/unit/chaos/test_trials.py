"""The verdicts of trials on figures as a run gives them, without a server."""

import math
import zipfile
from pathlib import Path

import pytest

from chaos.response_equality import decided, largest_difference
from chaos.settings import ChaosSettings
from chaos.trials.overload import answered_per_s, overload_checks
from chaos.trials.soak import growth_percent, mixed_requests
from chaos.variants import write_variant
from hangtag.errors import ArchiveInvalid
from hangtag.images.decode import ImageLimits, decode_image
from loadtest.client.photos import costly_photo, drawn_photo
from loadtest.client.samples import Sample
from loadtest.tagging_requests import photo_request

SETTINGS = ChaosSettings(time_limit_s=10.0, findings_folder=Path("unused"))


def sample(outcome: str, seconds: float = 0.1, retry_after: bool = True) -> Sample:
    return Sample(0.0, 0.0, seconds, outcome, retry_after=retry_after)


def failed(samples: list[Sample]) -> list[str]:
    return [check.what for check in overload_checks(samples, SETTINGS) if not check.passed]


def test_overload_may_refuse_but_nothing_else() -> None:
    assert failed([sample("200", 7.0), sample("503 overloaded")]) == []
    # The server itself gives up at 10 s: what is answered at the last moment is no success.
    assert failed([sample("200", 9.9)]) == ["accepted p99"]
    assert failed([sample("200"), sample("504 deadline_exceeded")]) == ["failed otherwise"]
    assert failed([sample("200"), sample("503 overloaded", 2.0)]) == ["refused p99"]
    assert failed([sample("200"), sample("503 overloaded", retry_after=False)]) == [
        "refused without Retry-After"
    ]


def test_what_was_answered_is_counted_until_the_last_answer() -> None:
    samples = [sample("200", 1.0), sample("200", 4.0), sample("503 overloaded", 9.0)]
    assert answered_per_s(samples) == 0.5
    assert answered_per_s([sample("503 overloaded")]) == 0


def test_a_server_that_accepts_nothing_does_not_hold() -> None:
    assert failed([sample("503 overloaded")]) == ["accepted p99"]


def document(score: float, decision: str = "accept", tag: int | str = 11) -> dict[str, object]:
    candidates = [{"id": 11, "score": score}, {"id": "11", "score": 0.5}]
    return {
        "tags": [{"id": tag}],
        "groups": {"colour": {"decision": decision, "candidates": candidates}},
    }


def test_scores_are_compared_label_by_label() -> None:
    one, other = decided(document(0.9)), decided(document(0.901))
    assert largest_difference(one, other) == pytest.approx(0.001)
    assert one.decisions == other.decisions
    assert len(one.scores) == 2


def test_another_tag_or_decision_is_noticed() -> None:
    assert decided(document(0.9)).decisions != decided(document(0.9, "review")).decisions
    assert decided(document(0.9)).decisions != decided(document(0.9, tag="11")).decisions


def test_answers_with_other_labels_are_no_match() -> None:
    other = document(0.9)
    other["groups"] = {"tone": {"decision": "none", "candidates": [{"id": 1, "score": 0.9}]}}
    assert largest_difference(decided(document(0.9)), decided(other)) == math.inf


def test_growth_is_measured_from_when_memory_has_settled() -> None:
    megabyte = 1_000_000
    begin = [(float(second), 500 * megabyte) for second in range(10)]
    steady = [(float(second), 1000 * megabyte) for second in range(10, 110)]
    assert growth_percent(begin + steady, 10) == 0
    leak = [(float(at), (1000 + at) * megabyte) for at in range(200)]
    assert 10 < growth_percent(leak, 20) < 20


def test_one_mixed_request_in_ten_is_broken() -> None:
    photos = [drawn_photo(number) for number in range(3)]
    mixed = mixed_requests([photo_request(photo) for photo in photos])
    whole = {photo_request(photo) for photo in photos}
    assert len(mixed) == 30
    assert sum(request in whole for request in mixed) == 21
    assert sum(b"multipart/form-data" in request for request in mixed) == 3
    assert sum(b"application/json" in request for request in mixed) == 3


def test_drawn_photos_differ_and_can_be_drawn_again() -> None:
    assert drawn_photo(1) == drawn_photo(1) != drawn_photo(2)


def test_a_costly_photo_is_light_to_send() -> None:
    photo = costly_photo((250, 20, 20))
    assert len(photo) < 50_000
    assert decode_image(photo, ImageLimits(), 224).facts.width_px == 1200


def test_a_variant_differs_in_what_is_appended(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sound.mar", "w") as sound:
        sound.writestr("a.py", "x = 1\n")
        sound.writestr("b.py", "y = 1\n")
    write_variant(tmp_path / "sound.mar", tmp_path / "faulty.mar", {"a.py": "x = 2\n"})
    with zipfile.ZipFile(tmp_path / "faulty.mar") as faulty:
        assert faulty.read("a.py") == b"x = 1\nx = 2\n"
        assert faulty.read("b.py") == b"y = 1\n"


def test_a_variant_of_a_module_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sound.mar", "w"):
        pass
    with pytest.raises(ArchiveInvalid, match=r"has no hangtag/responses\.py"):
        write_variant(tmp_path / "sound.mar", tmp_path / "x.mar", {"hangtag/responses.py": ""})
