"""What suppliers' systems do to the service: send products in many ways and read the tags."""

import itertools
import random
import time
import uuid

from locust import FastHttpUser, LoadTestShape, constant, events, stats, task
from locust.contrib.fasthttp import ResponseContextManager

from loadtest.plan import MIXES, plan_of_environment
from loadtest.scenarios import clients_at
from loadtest.tagging_requests import RequestMaker, TaggingRequest, read_photos, wrong_answer

_PLAN = plan_of_environment()
_KINDS = list(MIXES[_PLAN.mix])
_WEIGHTS = list(MIXES[_PLAN.mix].values())
_CHANCE = random.Random(0)  # noqa: S311 - no secret is made here
_MAKER = RequestMaker(read_photos(_PLAN.photos), _CHANCE)
_SUPPLIERS = itertools.cycle(_PLAN.suppliers)
# Clients take this long to come or go, all of them: a spike is to be sudden.
_CHANGE_S = 1.0

# To the millisecond: Locust keeps two digits, and 504 ms would be within a limit of 500.
stats.bucket_response_time = round  # type: ignore[assignment] # an overloaded function

if "large" in _KINDS:
    _MAKER.prepare()


def _await_last_figures(**_: object) -> None:
    # Locust writes its csv at intervals, and not once more at the end: the last failures would be
    # missing from the verdict. The other greenlets go on meanwhile: Locust patches sleep().
    time.sleep(2 * stats.CSV_STATS_INTERVAL_SEC)


events.quitting.add_listener(_await_last_figures)


class Scenario(LoadTestShape):
    """The scenario of the plan."""

    def tick(self) -> tuple[int, float] | None:
        """Return the clients that there are to be now, and how fast they come or go."""
        elapsed_s: float = self.get_run_time()  # type: ignore[no-untyped-call]
        clients = clients_at(_PLAN, elapsed_s)
        return None if clients is None else (clients, _PLAN.users / _CHANGE_S)


class SupplierClient(FastHttpUser):
    """Sends one request after the other, as fast as they are answered, for one supplier."""

    wait_time = constant(0)
    network_timeout = connection_timeout = _PLAN.timeout_s

    def on_start(self) -> None:
        """Become one of the suppliers."""
        supplier = next(_SUPPLIERS)
        self._name = supplier.name
        self._headers = {} if supplier.key is None else {"X-Api-Key": supplier.key}

    @task
    def tag(self) -> None:
        """Send a request and check that the answer is the right one for it."""
        (kind,) = _CHANCE.choices(_KINDS, _WEIGHTS)
        request = _MAKER.make(kind)
        with self.client.post(
            request.path,
            data=request.body,  # type: ignore[arg-type] # bytes are sent as they are
            headers=self._headers_of(request),
            name=request.name,
            catch_response=True,
        ) as response:
            # Without a status there was no answer, which Locust counts by itself.
            if response.status_code:
                _judge(request, response)

    def _headers_of(self, request: TaggingRequest) -> dict[str, str]:
        request_id = f"{self._name}-{uuid.UUID(int=_CHANCE.getrandbits(128))}"
        return {
            "Content-Type": request.content_type,
            "X-Request-Id": request_id,
            **self._headers,
        }


def _judge(request: TaggingRequest, response: ResponseContextManager) -> None:
    try:
        document = response.json()
    except ValueError:
        document = None
    wrong = wrong_answer(request, response.status_code, document)
    if wrong is None:
        # Also of a broken request that is refused as it should be.
        response.success()
    else:
        response.failure(wrong)
