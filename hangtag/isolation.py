"""One product's fault stays its own."""

import logging
from collections.abc import Callable
from typing import TypeVar

from hangtag.errors import RequestFailed

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


def isolate(work: Callable[[], Result]) -> Result | RequestFailed:
    """Return what one product's share of a batch gives, or the error that is its answer.

    The one place that catches everything: a server hands over many callers' products at once, and
    a fault of ours in one of them must not fail the others. It is logged, and answered with 500.
    """
    try:
        return work()
    except RequestFailed as error:
        return error
    except Exception:
        logger.exception("A product could not be answered")
        return RequestFailed("The product could not be answered; the fault is the service's.")
