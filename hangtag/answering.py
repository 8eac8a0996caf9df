"""A batch of requests, as they came over HTTP -> the bodies of their answers."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

from hangtag.errors import DeadlineExceeded, RequestFailed
from hangtag.handover import HandedAnswer, HandedRequest, Measured
from hangtag.isolation import isolate
from hangtag.requests.multipart_form import read_form
from hangtag.requests.parsing import Part, Product, read_product
from hangtag.requests.query import parts_of_query
from hangtag.schema import Problem, TagResponse
from hangtag.settings import TaggerSettings
from hangtag.tagger import BatchMeasurements, Tagger

_MULTIPART = "multipart/form-data"


def answer_requests(tagger: Tagger, requests: Sequence[HandedRequest]) -> list[HandedAnswer]:
    """Answer each request, in order; what is wrong with one is said to that one alone."""
    products = [isolate(partial(read_request, each, tagger.settings)) for each in requests]
    return answer_products(tagger, products)


def read_request(request: HandedRequest, settings: TaggerSettings) -> Product:
    """Read the product that a request is about.

    Raises
    ------
    RequestError : if it does not keep to the contract.
    DeadlineExceeded : if nobody waits for it any more.
    """
    if request.deadline_s is not None and time.monotonic() > request.deadline_s:
        raise DeadlineExceeded("The time limit of the request had passed before its turn came.")
    queries = parts_of_query(request.query)
    if _is_form(request):
        parts = read_form(request.body, request.content_type)
        return read_product(request.content_type, [*queries, *parts], settings)
    body = Part("body", "", request.body)
    return read_product(request.content_type, [*queries, body], settings, request.content_encoding)


def answer_products(
    tagger: Tagger, products: Sequence[Product | RequestFailed]
) -> list[HandedAnswer]:
    """Answer products, some of which could not even be read."""
    outcomes, measured = tagger.tag_measured(
        [each for each in products if isinstance(each, Product)]
    )
    remaining = iter(outcomes)
    answers = [
        _handed(each if isinstance(each, RequestFailed) else next(remaining)) for each in products
    ]
    if answers:
        _add_batch(answers[0].measured, measured)
    return answers


def _is_form(request: HandedRequest) -> bool:
    kind = request.content_type.partition(";")[0].strip().lower()
    # A form that is really encoded does not begin with its delimiter: it is refused as a body.
    is_plain = not request.content_encoding or request.body.startswith(b"-")
    return kind == _MULTIPART and is_plain


def _handed(outcome: TagResponse | RequestFailed) -> HandedAnswer:
    answer = Problem.of(outcome) if isinstance(outcome, RequestFailed) else outcome
    status = answer.status if isinstance(answer, Problem) else 200
    return HandedAnswer(status, answer.model_dump_json().encode(), Measured.of(answer))


def _add_batch(first: Measured, batch: BatchMeasurements) -> None:
    first.photos = dict(Counter(batch.photo_outcomes))
    first.decode_seconds = [round(seconds, 6) for seconds in batch.decode_seconds]
    first.inference_seconds = round(batch.inference_seconds, 6)
    first.decision_seconds = round(batch.decision_seconds, 6)
