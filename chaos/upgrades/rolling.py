"""One tagger after the other gets a new archive, while the other answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.upgrades.proxy import Proxy
from chaos.upgrades.tagger import Tagger
from hangtag.errors import ServerUnavailable

Pause = Callable[[float], None]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Rolled:
    """When the versions changed.

    The new one answers from `first_in_s` on, and alone from `last_out_s` on.
    """

    first_in_s: float
    last_out_s: float


def roll(
    proxy: Proxy,
    taggers: Sequence[Tagger],
    archive: Path,
    pause: Pause,
    now_s: Clock,
    settle_s: float,
) -> Rolled:
    """Give each tagger in turn a new archive.

    Parameters
    ----------
    settle_s : for the requests that a tagger still has, before it is stopped

    Raises
    ------
    ServerUnavailable : if a tagger does not become ready. It then answers with its old archive
        again, and those after it were not touched.
    """
    first_in_s, last_out_s = float("inf"), 0.0
    for tagger in taggers:
        proxy.take_out(tagger.name)
        last_out_s = now_s()
        pause(settle_s)
        _replace_archive(proxy, tagger, archive)
        first_in_s = min(first_in_s, now_s())
        proxy.put_in(tagger.name)
        pause(settle_s)
    return Rolled(first_in_s, last_out_s)


def _replace_archive(proxy: Proxy, tagger: Tagger, archive: Path) -> None:
    old = tagger.archive
    tagger.stop()
    try:
        start_again(tagger, archive)
    except ServerUnavailable:
        tagger.end()
        start_again(tagger, old)
        proxy.put_in(tagger.name)
        raise


def start_again(tagger: Tagger, archive: Path) -> None:
    """Start a tagger that has ended, and wait until it is ready."""
    tagger.start(archive)
    tagger.await_ready()
