"""API keys and limits at the proxy: who has no key is refused, who is too fast is slowed down."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

import httpx

from chaos.answer import Answer, breach_of_contract
from chaos.photos import drawn_photo
from chaos.samples import outcome_counts
from chaos.verdict import Check, Row
from chaos.wire import Address, ask_once, assemble
from server.ports import HOST
from server.torchserve import MODEL_NAME
from upgrade.stage import HASTY, Stage

# Far more than the limit lets through at once and in the seconds that they take.
_HASTE_REQUESTS = 600
_HASTE_CLIENTS = 16
_MIN_REFUSED = 50
_TOO_LARGE_BYTES = 65 * 2**20
_TIMEOUT_S = 30.0
# Cheap for the tagger: the limit is what is tried, not the model.
_NO_PHOTO = b"no photo"
NO_PHOTO_OUTCOME = "400 image_undecodable"


def run(stage: Stage) -> Row:
    """Call without a key, with a wrong one, with too large a body, and too fast."""
    proxy, began_s = stage.proxy, stage.traffic.now_s
    key = {"X-Api-Key": proxy.keys[HASTY]}
    checks = [
        _expects(stage, "without a key", {}, "401 unauthorized"),
        _expects(stage, "with a wrong key", {"X-Api-Key": "0" * 48}, "401 unauthorized"),
        _expects(stage, "with a key", key, "200"),
        _refuses_large(stage, key),
    ]
    answers = asyncio.run(_haste(f"{proxy.url}/predictions/{MODEL_NAME}", key))
    outcomes = Counter(each.outcome for each in answers)
    stage.traffic.flow(stage.settings.settle_s)
    others = [each for each in stage.traffic.since(began_s) if not each.ok]
    return Row(
        "API keys and limits",
        f"4 calls; {_HASTE_REQUESTS} requests of one supplier at once, beside the others' traffic",
        (
            *checks,
            Check("too fast, 429", outcomes["429 rate_limited"], _MIN_REFUSED, at_least=True),
            Check("refused otherwise", _others(outcomes), 0),
            Check("refused in another form", sum(map(_is_unsound, answers)), 0),
            Check("other suppliers' failed requests", len(others), 0),
        ),
        (outcome_counts(each.outcome for each in answers),),
    )


def _expects(stage: Stage, what: str, headers: Mapping[str, str], outcome: str) -> Check:
    photo_headers = [*headers.items(), ("Content-Type", "image/jpeg")]
    answer = _ask(stage, assemble(drawn_photo(0), headers=photo_headers))
    wrong = answer.outcome != outcome or breach_of_contract(answer) is not None
    return Check(f"{what}: other than {outcome}", int(wrong), 0)


def _refuses_large(stage: Stage, key: Mapping[str, str]) -> Check:
    headers = [*key.items(), ("Content-Type", "image/jpeg")]
    answer = _ask(stage, assemble(headers=headers, length=_TOO_LARGE_BYTES))
    wrong = answer.outcome != "413 request_too_large" or breach_of_contract(answer) is not None
    return Check("65 MB: other than 413", int(wrong), 0)


def _ask(stage: Stage, request: bytes) -> Answer:
    return asyncio.run(ask_once(Address(HOST, stage.proxy.port), request, _TIMEOUT_S))


async def _haste(url: str, key: Mapping[str, str]) -> list[Answer]:
    headers = {**key, "Content-Type": "image/jpeg"}
    async with httpx.AsyncClient(headers=headers, timeout=_TIMEOUT_S) as client:
        waiting = asyncio.Semaphore(_HASTE_CLIENTS)

        async def ask() -> Answer:
            async with waiting:
                response = await client.post(url, content=_NO_PHOTO)
            return Answer(response.status_code, response.headers, response.content)

        return list(await asyncio.gather(*(ask() for _ in range(_HASTE_REQUESTS))))


def _others(outcomes: Counter[str]) -> int:
    return outcomes.total() - outcomes["429 rate_limited"] - outcomes[NO_PHOTO_OUTCOME]


def _is_unsound(answer: Answer) -> bool:
    slowed_down = answer.status == httpx.codes.TOO_MANY_REQUESTS
    says_when = "retry-after" in answer.headers
    return breach_of_contract(answer) is not None or (slowed_down and not says_when)
