"""Ctrl-C, SIGTERM and a closed terminal, as one wish to stop."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_INTERVAL_S = 0.1


class StopSignals:
    """Notes a signal instead of raising at once.

    So none lands between starting a process and remembering to stop it, or in the middle of
    stopping it.
    """

    def __init__(self) -> None:
        self.last: signal.Signals | None = None
        self._noted = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        self._previous = {each: signal.signal(each, self._note) for each in STOPPING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def sleep(self, seconds: float) -> None:
        """Sleep, and look for a signal.

        Raises
        ------
        KeyboardInterrupt : if one has come since entering, or since the last time that this raised.
        """
        wake_at = time.monotonic() + seconds
        while not self._noted and (left := wake_at - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_INTERVAL_S))
        if self._noted:
            self._noted = False
            raise KeyboardInterrupt

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.last = signal.Signals(number)
        self._noted = True
