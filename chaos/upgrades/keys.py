"""API keys and limits at the proxy: who has no key is refused, who is too fast is slowed down."""

import asyncio
from collections.abc import Mapping

from chaos.upgrades.service import service_since
from chaos.upgrades.stage import HASTY, Stage
from chaos.verdict import Row
from loadtest.check import Check
from loadtest.client.answer import Answer, breach_of_contract
from loadtest.client.load import Load
from loadtest.client.photos import drawn_photo
from loadtest.client.running import LoadRun
from loadtest.client.samples import described
from loadtest.client.wire import Address, ask_once, assemble
from server.ports import HOST

_HASTE_CLIENTS = 16
_HASTE_S = 3.0
# As deploy/proxy/nginx.conf and example/limits.conf have them.
_BURST, _LIMIT_PER_S = 100, 50
_MIN_REFUSED = 50
_TOO_LARGE_BYTES = 65 * 2**20
_TIMEOUT_S = 30.0
# What the edge refuses without a worker, so that it is the limit that is met and nothing else.
_LET_THROUGH, _TOO_FAST = "405 method_not_allowed", "429 rate_limited"


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
    haste = _haste(stage, key)
    stage.traffic.flow(stage.settings.settle_s)
    _, others_served = service_since(stage.traffic, began_s, of="other suppliers' ")
    outcomes = [each.outcome for each in haste.samples]
    slowed_down = [each for each in haste.samples if each.outcome == _TOO_FAST]
    let_through = outcomes.count(_LET_THROUGH)
    least, most = _let_through_bounds(haste)
    return Row(
        "API keys and limits",
        f"4 calls; {len(outcomes):,} requests of one supplier within {haste.seconds:.0f} s, beside "
        "the others' traffic",
        (
            *checks,
            Check("too fast, 429", len(slowed_down), _MIN_REFUSED, at_least=True),
            Check("429 without Retry-After", sum(not each.retry_after for each in slowed_down), 0),
            Check("let through", let_through, least, at_least=True),
            Check("let through", let_through, most),
            Check("neither", len(outcomes) - len(slowed_down) - let_through, 0),
            Check("refused in another form", sum(not each.sound for each in haste.samples), 0),
            *others_served,
        ),
        (described(haste.samples),),
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


def _haste(stage: Stage, key: Mapping[str, str]) -> LoadRun:
    request = assemble(method="GET", headers=list(key.items()))
    load = Load(Address(HOST, stage.proxy.port), [request])
    with load.closed(_HASTE_CLIENTS, _HASTE_S) as running:
        return running.result()


def _let_through_bounds(haste: LoadRun) -> tuple[float, float]:
    lasted_s = max((each.done_s for each in haste.samples), default=0.0)
    # Half of the rate, for the moments in which a busy machine sent nothing.
    return _BURST + _LIMIT_PER_S * lasted_s / 2, _BURST + 1 + _LIMIT_PER_S * lasted_s
