"""What the trials act on: two taggers, the proxy before them, and the traffic through it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.upgrades.archives import write_broken, write_version
from chaos.upgrades.proxy import FIRST, SECOND, AccessLogEntry, Proxy
from chaos.upgrades.tagger import Tagger
from chaos.upgrades.traffic import Traffic
from loadtest.client.photos import ordinary_photos
from loadtest.client.wire import Address
from server.ports import HOST, Ports
from server.tagger_server import BackendName
from server.temporary import free_ports

SUPPLIERS = ("acme", "borealis", "cormorant", "dandelion")
# Sends nothing unless a trial does it in its name.
HASTY = "hasty"
OLD, NEW = "1.0", "2.0"
_DIFFERENT_PHOTOS = 16


@dataclass(frozen=True)
class UpgradeSettings:
    """How much load there is, and how long the trials look at it."""

    # Below what one tagger can take alone, on cores that the other one's start needs as well.
    rate_per_s: float = 30.0
    # Before a tagger that was taken out is stopped, and to see how things stand.
    settle_s: float = 2.0
    # For which a tagger stands still before it is killed, so that it has requests under way.
    held_s: float = 0.5


@dataclass(frozen=True)
class Archives:
    """One tagger under two versions, and as an archive that does not load."""

    old: Path
    new: Path
    broken: Path


@dataclass(frozen=True)
class Stage:
    """Two taggers that serve the old archive behind a proxy, under load."""

    proxy: Proxy
    taggers: tuple[Tagger, Tagger]
    traffic: Traffic
    archives: Archives
    settings: UpgradeSettings

    def answering(self, entries: list[AccessLogEntry]) -> int:
        """Return how many taggers gave an answer."""
        answered = {each.taggers[-1] for each in entries if each.status < 500 and each.taggers}
        return len(answered & {tagger.address for tagger in self.taggers})


@contextmanager
def staged(
    archive: Path, settings: UpgradeSettings, work: Path, backend: BackendName
) -> Iterator[Stage]:
    """Start everything, and end it when the block does.

    Parameters
    ----------
    work : empty folder for archives and logs
    """
    archives = Archives(
        old=write_version(archive, OLD, work / "old.mar"),
        new=write_version(archive, NEW, work / "new.mar"),
        broken=write_broken(archive, work / "broken.mar"),
    )
    first, second = _two_places()
    taggers = (
        Tagger(FIRST, first, work / FIRST, backend),
        Tagger(SECOND, second, work / SECOND, backend),
    )
    with ExitStack() as resources:
        for tagger in taggers:
            resources.callback(tagger.end)
            tagger.start(archives.old)
        for tagger in taggers:
            tagger.await_ready()
        ports = (first.inference, second.inference)
        proxy = resources.enter_context(Proxy(ports, [*SUPPLIERS, HASTY]))
        traffic = Traffic(
            Address(HOST, proxy.port),
            ordinary_photos(_DIFFERENT_PHOTOS),
            {supplier: proxy.keys[supplier] for supplier in SUPPLIERS},
            settings.rate_per_s,
        )
        resources.enter_context(traffic)
        # Java's first requests are slow.
        traffic.flow(settings.settle_s)
        yield Stage(proxy, taggers, traffic, archives, settings)


def _two_places() -> tuple[Ports, Ports]:
    first = second = free_ports()
    while second == first:
        second = free_ports()
    return first, second
