"""A fault inside the handler, at each of its stages: it is the marked request's alone."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from chaos.server import ServerUnderTrial
from chaos.settings import ChaosSettings
from chaos.variant_server import VariantOrders, serving_variant, write_project
from chaos.variants import write_variant
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import encoded, ordinary_photos
from loadtest.client.samples import outcome_counts
from loadtest.client.wire import ask_together
from loadtest.tagging_requests import photo_request
from server.plan import ServingPlan, machine_plan
from server.temporary import ServingAddress, serving

INTERNAL = "500 internal"
_ROUNDS = 3
_NEIGHBOURS = 5
_TIMEOUT_S = 60.0
_MARK = "chaos"
_MARKED_COLOUR = (255, 0, 255)

# Each is appended to its module: whoever imports the function afterwards gets the faulty one.
_FAULTS = {
    "hangtag/requests/parsing.py": """

_sound_read_product = read_product


def read_product(*request):
    product = _sound_read_product(*request)
    if product.product_id == "chaos-intake":
        raise ZeroDivisionError("chaos: intake")
    return product
""",
    "hangtag/responses.py": """

_sound_answer_product = answer_product


def answer_product(product, *others, **named):
    if product.product_id == "chaos-answers":
        raise ZeroDivisionError("chaos: answers")
    return _sound_answer_product(product, *others, **named)
""",
    # The engine gets a batch of pixels: the whole call fails if a magenta photo is among them.
    "hangtag/tagger.py": """

_sound_load = Tagger.load.__func__


class _FaultyEngine:
    def __init__(self, engine):
        self._engine = engine

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def run(self, pixels):
        if any((photo[0] > 250).all() and (photo[1] < 5).all() for photo in pixels):
            raise ZeroDivisionError("chaos: engine")
        return self._engine.run(pixels)


def _load_faulty(cls, *arguments, **named):
    tagger = _sound_load(cls, *arguments, **named)
    tagger.engine = _FaultyEngine(tagger.engine)
    return tagger


Tagger.load = classmethod(_load_faulty)
""",
}


def run(server: ServerUnderTrial, load: Load, settings: ChaosSettings) -> Row:  # noqa: ARG001
    """Serve a variant whose code raises for marked requests."""
    plan = _patient_plan()
    with _serving_faulty(server, plan) as address:
        faulty = ServerUnderTrial(address, server.archive, plan)
        workers = faulty.health().worker_pids
        rounds = [_one_round(faulty) for _ in range(_ROUNDS)]
        batches = faulty.batches()
        restarted = len(workers - faulty.health().worker_pids)
    marked = [answer for marked, _ in rounds for answer in marked]
    neighbours = [answer for _, neighbours in rounds for answer in neighbours]
    return _row(marked, neighbours, batches, restarted)


@contextmanager
def _serving_faulty(server: ServerUnderTrial, plan: ServingPlan) -> Iterator[ServingAddress]:
    """Serve a variant of the archive, or of the project whose code the edge's workers run."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        if server.backend == "local":
            project = Path(folder)
            write_project(project, _FAULTS)
            orders = VariantOrders(archive=server.archive.resolve(), backend="local", plan=plan)
            with serving_variant(orders, project) as address:
                yield address
            return
        variant = Path(folder) / "faulty.mar"
        write_variant(server.archive, variant, _FAULTS)
        with serving(variant, plan=plan) as address:
            yield address


def _patient_plan() -> ServingPlan:
    """One worker that waits for all requests of a round, so that they become one batch."""
    together = {"workers": 1, "batch_size": len(_FAULTS) + _NEIGHBOURS, "batch_delay_ms": 300}
    return machine_plan().model_copy(update=together)


def _one_round(server: ServerUnderTrial) -> tuple[list[Answer], list[Answer]]:
    """Send marked requests and neighbours at the same time; return the answers to each."""
    marked = _marked_requests()
    neighbours = [photo_request(photo) for photo in ordinary_photos(_NEIGHBOURS)]
    answers = asyncio.run(ask_together(server.address, [*marked, *neighbours], _TIMEOUT_S))
    return answers[: len(marked)], answers[len(marked) :]


def _marked_requests() -> list[bytes]:
    (ordinary,) = ordinary_photos(1)
    magenta = encoded(Image.new("RGB", (64, 64), _MARKED_COLOUR), "PNG")
    return [
        photo_request(ordinary, query=f"?product_id={_MARK}-intake"),
        photo_request(ordinary, query=f"?product_id={_MARK}-answers"),
        photo_request(magenta, "image/png"),
    ]


def _row(
    marked: Sequence[Answer], neighbours: Sequence[Answer], batches: int, restarted: int
) -> Row:
    internal = sum(each.outcome == INTERNAL for each in marked)
    broken = sum(breach_of_contract(each) is not None for each in marked)
    failed = sum(not each.ok for each in neighbours)
    return Row(
        "handler exception",
        f"faults in intake, answers and engine: {len(marked)} marked requests among "
        f"{len(neighbours)} others, {_ROUNDS} rounds",
        (
            Check("neighbours failed", failed, 0),
            Check(f"marked answered {INTERNAL}", internal, len(marked), at_least=True),
            Check("of these not problem+json", broken, 0),
            Check("worker restarts", restarted, 0),
            # Else they were not neighbours.
            Check("calls of the network", batches, len(neighbours) - 1),
        ),
        (
            f"marked: {outcome_counts(each.outcome for each in marked)}",
            f"neighbours: {outcome_counts(each.outcome for each in neighbours)}",
        ),
    )
