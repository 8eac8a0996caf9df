"""Which load the trials send, and how much of it the server can take."""

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from loadtest.client.load import Load
from loadtest.client.photos import costly_photo, ordinary_photos
from loadtest.client.running import LoadRun
from loadtest.tagging_requests import photo_request

_DIFFERENT_PHOTOS = 64
_COLOURS = ((250, 20, 20), (20, 250, 20), (20, 20, 250), (128, 128, 128))


def calibrated_load(server: ServerUnderTrial, settings: ChaosSettings) -> Load:
    """Measure the server's capacity; send dearer photos where it is beyond the generator's."""
    ordinary = [photo_request(photo) for photo in ordinary_photos(_DIFFERENT_PHOTOS)]
    load = _measured(Load(server.address, ordinary), settings)
    if load.capacity_per_s <= settings.max_capacity_per_s:
        return load
    costly = [photo_request(costly_photo(colour), "image/png") for colour in _COLOURS]
    return _measured(Load(server.address, costly), settings)


def best_of(load: Load, clients: int, seconds: float, runs: int) -> LoadRun:
    """Return the run of the highest rate: what else the machine does can only slow one down."""
    results = []
    for _ in range(runs):
        with load.closed(clients, seconds) as running:
            results.append(running.result())
    return max(results, key=lambda run: run.rate_per_s)


def _measured(load: Load, settings: ChaosSettings) -> Load:
    # The first of them meets a cold Java.
    runs = 4
    best = best_of(load, settings.capacity_clients, settings.capacity_s / runs, runs)
    return Load(load.address, load.requests, best.rate_per_s)
