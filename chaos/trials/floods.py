"""One supplier sends far more than its share: another waits about as long as alone."""

from chaos.bystanders import alone, by_supplier, others, supplier_load, unharmed, waiting_times
from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.load import Load
from loadtest.client.photos import drawn_photo
from loadtest.client.running import LoadRun
from loadtest.client.samples import described
from loadtest.client.wire import assemble
from loadtest.tagging_requests import Photo, large_photo, multipart

REFUSED = "503 overloaded"
_PRODUCT_PHOTOS = 16
_PRODUCTS_PER_S = 10.0
# The other begins when the flood is at its height.
_FLOOD_FIRST_S = 1.0


def run_large(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Send products of 16 photos of 12 MP, ten a second."""
    photos = [Photo(large_photo(drawn_photo(number)), "image/jpeg") for number in range(4)]
    content_type, body = multipart((photos * _PRODUCT_PHOTOS)[:_PRODUCT_PHOTOS], {})
    headers = [("Content-Type", content_type), ("X-Supplier", "flood")]
    flood = Load(server.address, [assemble(body, headers=headers)])
    tried = f"{_PRODUCTS_PER_S:.0f} products of {_PRODUCT_PHOTOS} x 12 MP a second"
    return _run("flood of large photos", tried, server, flood, _PRODUCTS_PER_S, settings)


def run_small(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:
    """Send ordinary photos, ten times as many as a half of what the server can take."""
    flood = Load(server.address, [by_supplier(each, "flood") for each in load.requests])
    rate_per_s = settings.flood_factor * load.capacity_per_s / 2
    tried = f"{rate_per_s:.0f} photos a second, capacity {load.capacity_per_s:.0f}/s"
    return _run("flood of photos", tried, server, flood, rate_per_s, settings, least_refused=1)


def _run(
    name: str,
    tried: str,
    server: ServerUnderTrial,
    flood: Load,
    rate_per_s: float,
    settings: ChaosSettings,
    least_refused: int = 0,
) -> Row:
    ordinary = supplier_load(server.address, "other")
    before = alone(ordinary, settings.flooded_per_s, settings.flood_s).samples
    workers = server.health().worker_pids
    with flood.open(rate_per_s, settings.flood_s + 2 * _FLOOD_FIRST_S) as flooding:
        flooding.flow(_FLOOD_FIRST_S)
        with others(ordinary, settings.flooded_per_s, settings.flood_s) as running:
            among = running.result().samples
        flooded = flooding.end()
    return Row(
        name,
        f"{tried} by one supplier, {settings.flooded_per_s:.0f} photos a second by another",
        (
            *unharmed(before, among, settings.max_slowdown_by_flood, settings),
            *_checks(flooded, least_refused),
            Check("worker restarts", len(workers - server.health().worker_pids), 0),
            Check(
                "queues not empty afterwards",
                int(not server.wait_until_idle(settings.time_limit_s)),
                0,
            ),
        ),
        (waiting_times(before, among), f"flood: {described(flooded.samples)}"),
    )


def _checks(flooded: LoadRun, least_refused: int) -> tuple[Check, ...]:
    answered = sum(each.ok for each in flooded.samples)
    refused = [each for each in flooded.samples if each.outcome == REFUSED]
    otherwise = len(flooded.samples) - answered - len(refused)
    return (
        # It has its own share still.
        Check("flood answered", answered, 1, at_least=True),
        Check("flood refused", len(refused), least_refused, at_least=True),
        Check(f"flood failed otherwise than {REFUSED}", otherwise, 0),
    )
