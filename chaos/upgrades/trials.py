"""The trials, in their order; each ends as it began, with both taggers answering."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from chaos.upgrades import keys
from chaos.upgrades.rolling import Rolled, roll, start_again
from chaos.upgrades.service import service_since
from chaos.upgrades.stage import NEW, OLD, Stage
from chaos.upgrades.tagger import Tagger
from chaos.verdict import Row
from hangtag.errors import ServerUnavailable
from loadtest.check import Check
from loadtest.client.samples import Sample, described, percentile_s

# nginx tries a tagger that it could not reach again after fail_timeout.
_RETURN_TIMEOUT_S = 12.0
_LOOK_INTERVAL_S = 0.5
# As the proxy answers for a tagger that has broken the connection.
_LOST = "502"


def roll_forward(stage: Stage) -> Row:
    """The new archive on one tagger after the other."""
    return _roll_to(stage, stage.archives.new, NEW, "rolling upgrade")


def roll_back(stage: Stage) -> Row:
    """The old archive again."""
    # It may be the only trial, and then it has something to go back from.
    if any(tagger.archive != stage.archives.new for tagger in stage.taggers):
        _roll(stage, stage.archives.new)
    return _roll_to(stage, stage.archives.old, OLD, "roll back")


def refuse_broken(stage: Stage) -> Row:
    """An archive that does not load: the roll ends at the first tagger, which gets its old one."""
    began_s = stage.traffic.now_s
    archives_before = [tagger.archive for tagger in stage.taggers]
    refused = 1
    with suppress(ServerUnavailable):
        _roll(stage, stage.archives.broken)
        refused = 0
    both = _await_both(stage)
    samples, served = service_since(stage.traffic, began_s)
    changed = sum(
        tagger.archive != before
        for tagger, before in zip(stage.taggers, archives_before, strict=True)
    )
    return Row(
        "archive that does not load",
        "rolled to an archive without its handler",
        (
            Check("refused", refused, 1, at_least=True),
            *served,
            Check("taggers left with another archive", changed, 0),
            both,
        ),
        _notes(samples),
    )


def stop_unannounced(stage: Stage) -> Row:
    """SIGTERM to a tagger that the proxy still sends requests to."""
    victim = stage.taggers[0]
    began_s, entries = stage.traffic.now_s, len(stage.proxy.access_log_entries())
    seconds = victim.stop()
    stage.traffic.flow(stage.settings.settle_s)
    sent_again = sum(each.sent_again for each in stage.proxy.access_log_entries()[entries:])
    both = _bring_back(stage, victim)
    samples, served = service_since(stage.traffic, began_s)
    return Row(
        "stopped without notice",
        f"SIGTERM to 1 of 2 taggers under load, ended after {seconds:.1f} s",
        (*served, both),
        (*_notes(samples), f"{sent_again} sent again by the proxy"),
    )


def kill_hard(stage: Stage) -> Row:
    """SIGKILL to a tagger that has requests under way: the other is not given what it died of."""
    victim = stage.taggers[1]
    began_s = stage.traffic.now_s
    victim.hold()
    stage.traffic.flow(stage.settings.held_s)
    killed_s = stage.traffic.now_s
    victim.kill()
    stage.traffic.flow(stage.settings.settle_s)
    both = _bring_back(stage, victim)
    samples, (enough, _) = service_since(stage.traffic, began_s)
    under_way = [each for each in samples if each.sent_s < killed_s <= each.done_s]
    return Row(
        "killed hard",
        f"SIGKILL to 1 of 2 taggers, {len(under_way)} requests under way in all",
        (enough, *death_checks(samples, killed_s), both),
        _notes(samples),
    )


def death_checks(samples: Sequence[Sample], killed_s: float) -> tuple[Check, ...]:
    """Return what must hold when a tagger has died: what it had is lost, and nothing else."""
    failed = [each for each in samples if not each.ok]
    had = [each for each in failed if each.sent_s < killed_s <= each.done_s]
    unclear = [each for each in had if not (each.outcome.startswith(_LOST) and each.sound)]
    return (
        # Else the other one was given a photo that may kill it, too.
        Check("requests lost with it", len(had), 1, at_least=True),
        Check(f"of these answered otherwise than {_LOST}", len(unclear), 0),
        Check("other requests failed", len(failed) - len(had), 0),
    )


TRIALS: dict[str, Callable[[Stage], Row]] = {
    "keys": keys.run,
    "upgrade": roll_forward,
    "rollback": roll_back,
    "broken": refuse_broken,
    "stop": stop_unannounced,
    "kill": kill_hard,
}
SHORT = ("keys", "upgrade", "kill")


def _roll_to(stage: Stage, archive: Path, version: str, name: str) -> Row:
    began_s = stage.traffic.now_s
    rolled = _roll(stage, archive)
    both = _await_both(stage)
    samples, served = service_since(stage.traffic, began_s)
    early, late = _misplaced(samples, rolled, version)
    return Row(
        name,
        f"2 taggers to version {version}, one after the other, in "
        f"{stage.traffic.now_s - began_s:.0f} s",
        (
            *served,
            Check(f"{version} before it was let in", early, 0),
            Check("another version after the last was taken out", late, 0),
            Check("versions that answered", len({each.version for each in samples}), 2, "", True),
            both,
        ),
        _notes(samples),
    )


def _roll(stage: Stage, archive: Path) -> Rolled:
    traffic, settle_s = stage.traffic, stage.settings.settle_s
    return roll(stage.proxy, stage.taggers, archive, traffic.flow, lambda: traffic.now_s, settle_s)


def _misplaced(samples: Iterable[Sample], rolled: Rolled, version: str) -> tuple[int, int]:
    answers = [each for each in samples if each.ok]
    early = sum(each.version == version and each.done_s < rolled.first_in_s for each in answers)
    late = sum(each.version != version and each.sent_s > rolled.last_out_s for each in answers)
    return early, late


def _bring_back(stage: Stage, tagger: Tagger) -> Check:
    # As its supervisor would: nobody is sent to it before it is ready.
    stage.proxy.take_out(tagger.name)
    start_again(tagger, tagger.archive)
    stage.proxy.put_in(tagger.name)
    return _await_both(stage)


def _await_both(stage: Stage) -> Check:
    proxy, traffic, wanted = stage.proxy, stage.traffic, len(stage.taggers)
    begin, give_up_at_s = len(proxy.access_log_entries()), traffic.now_s + _RETURN_TIMEOUT_S
    while (answering := stage.answering(proxy.access_log_entries()[begin:])) < wanted:
        if traffic.now_s > give_up_at_s:
            break
        traffic.flow(_LOOK_INTERVAL_S)
    return Check("taggers that answer afterwards", answering, wanted, at_least=True)


def _notes(samples: list[Sample]) -> tuple[str, ...]:
    slowest_ms = 1000 * percentile_s(samples, 99)
    return (f"{described(samples)}; p99 {slowest_ms:.0f} ms",)
