"""A worker of the edge's own: a process with a loaded tagger, which answers batch after batch.

`python -m service.backends.worker FD ORDERS`: FD is its end of a socket pair, ORDERS what to load.
"""

import logging
import signal
import socket
import sys
import warnings
from typing import IO, cast

from hangtag.answering import answer_requests
from hangtag.errors import HangtagError
from hangtag.json_lines import JsonLines, about_requests
from hangtag.settings import read_settings
from hangtag.tagger import Tagger
from service.backends.frames import (
    frame_of_answers,
    frame_of_words,
    read_requests,
)
from service.end_with_parent import end_with_parent
from service.orders import WorkerOrders

# Run as a program it would be `__main__`.
logger = logging.getLogger("service.backends.worker")
_BUFFER_BYTES = 1 << 18


def main(descriptor: int, orders: WorkerOrders) -> int:
    """Load the tagger, say so, and answer until the edge has ended."""
    end_with_parent()
    # The edge decides when a worker ends; Ctrl-C is for the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The answer says what is wrong with a photo; Python would keep each text it warned of.
    warnings.filterwarnings("ignore", module="PIL")
    _log_to_stderr()
    with socket.socket(fileno=descriptor) as connection:
        try:
            tagger = Tagger.load(
                orders.bundle,
                settings=read_settings(orders.settings),
                gpu_id=orders.gpu_id,
                name=orders.name,
                version=orders.version,
            )
        except HangtagError as error:
            connection.sendall(b"".join(frame_of_words(failed=str(error))))
            return 1
        logger.info("Loaded %s in %s", tagger.identity.bundle, tagger.engine.precision)
        connection.sendall(b"".join(frame_of_words(ready="")))
        _answer_batches(connection, tagger)
    return 0


def _answer_batches(connection: socket.socket, tagger: Tagger) -> None:
    with connection.makefile("rb", buffering=_BUFFER_BYTES) as stream:
        while batch := read_requests(cast(IO[bytes], stream)):
            with about_requests(each.request_id for each in batch):
                answers = answer_requests(tagger, batch)
            connection.sendall(b"".join(frame_of_answers(answers)))


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), WorkerOrders.model_validate_json(sys.argv[2])))
