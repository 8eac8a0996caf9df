"""Products -> their answers, in order: by a bundle in this process, or by a server."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

from hangtag.bulk.listing import ListedProduct
from hangtag.bulk.rows import Outcome
from hangtag.client import ProblemAnswered, TaggerClient
from hangtag.errors import ImageMissing, RequestFailed, ServerUnavailable
from hangtag.faults import printable
from hangtag.isolation import isolate
from hangtag.requests.product import Product
from hangtag.schema import Problem
from hangtag.tagger import Tagger

# Products whose photos are decoded while the network runs.
_BATCH = 16
# Products that are sent before the first answer is needed, for each client.
_AHEAD = 2
_GONE = ("http_401", "http_403", "http_502", "http_503", "http_504")
Answering = Callable[[Iterable[ListedProduct]], Iterator[Outcome]]


def answer_here(tagger: Tagger, products: Iterable[ListedProduct]) -> Iterator[Outcome]:
    """Yield the answers of a tagger in this process."""
    remaining = iter(products)
    while batch := list(islice(remaining, _BATCH)):
        read = [isolate(partial(_read, product)) for product in batch]
        answers = iter(tagger.tag([each for each in read if isinstance(each, Product)]))
        yield from (_outcome(next(answers) if isinstance(each, Product) else each) for each in read)


def answer_by_server(
    client: TaggerClient, clients: int, products: Iterable[ListedProduct]
) -> Iterator[Outcome]:
    """Yield the answers of a server, which is sent `clients` products at the same time."""
    waiting: deque[Future[Outcome]] = deque()
    threads = ThreadPoolExecutor(clients, thread_name_prefix="client")
    try:
        for product in products:
            waiting.append(threads.submit(_ask, client, product))
            if len(waiting) > _AHEAD * clients:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Whoever stops it early does not want to wait until all have asked again.
        if waiting:
            client.give_up()
        threads.shutdown(wait=False, cancel_futures=True)


def _ask(client: TaggerClient, product: ListedProduct) -> Outcome:
    return _outcome(isolate(partial(_send, client, product)))


def _send(client: TaggerClient, product: ListedProduct) -> Outcome:
    try:
        return client.tag(_read(product))
    except ProblemAnswered as error:
        # Of a proxy whose tagger has gone, or whose key is not taken any more.
        is_gone = error.problem.code in _GONE
        return error.problem.model_copy(update={"code": "server_unavailable"} if is_gone else {})
    except ServerUnavailable as error:
        return Problem(
            title="Server unavailable", status=503, detail=str(error), code="server_unavailable"
        )


def _outcome(answer: Outcome | RequestFailed) -> Outcome:
    return Problem.of(answer) if isinstance(answer, RequestFailed) else answer


def _read(product: ListedProduct) -> Product:
    if product.fault is not None:
        raise product.fault
    if empty := next((path for path in product.photos if _is_empty(path)), None):
        raise ImageMissing(f"The photo {empty} is empty; get it again.")
    return Product(
        tuple(product.photos),
        product_id=printable(product.product_id),
        title=product.title,
        description=product.description,
    )


def _is_empty(path: Path) -> bool:
    return path.is_file() and not path.stat().st_size
