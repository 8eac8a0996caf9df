from chaos.upgrades.trials import death_checks
from loadtest.client.samples import Sample

KILLED_S = 5.0


def sample(outcome: str, sent_s: float, done_s: float, sound: bool = True) -> Sample:
    return Sample(sent_s, sent_s, done_s, outcome, sound=sound)


GOOD = sample("200", 4.9, 5.1)
LOST = sample("502 tagger_lost", 4.5, 5.1)


def failed(*samples: Sample) -> list[str]:
    return [each.what for each in death_checks(samples, KILLED_S) if not each.passed]


def test_what_a_tagger_had_when_it_died_is_lost_and_nothing_else() -> None:
    assert failed(GOOD, LOST) == []
    assert failed(GOOD, LOST, sample("502 tagger_lost", 5.2, 5.3)) == ["other requests failed"]
    assert failed(LOST, sample("200", 5.2, 5.3)) == []


def test_what_was_handed_to_the_other_is_noticed() -> None:
    assert failed(GOOD) == ["requests lost with it"]


def test_what_is_lost_is_told_as_the_contract_says() -> None:
    unclear = ["of these answered otherwise than 502"]
    assert failed(sample("502", 4.5, 5.1, sound=False)) == unclear
    assert failed(sample("closed", 4.5, 5.1)) == unclear
