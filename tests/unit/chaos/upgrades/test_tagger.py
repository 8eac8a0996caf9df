import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from chaos.upgrades import tagger as module
from chaos.upgrades.tagger import Tagger
from hangtag.errors import ServerUnavailable
from server.ports import Ports


def test_a_tagger_that_does_not_stop_is_killed_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STOP_TIMEOUT_S", 0.2)
    before = set(psutil.Process().children())
    tagger = Tagger("first", Ports(1), tmp_path)
    tagger.start(tmp_path / "none.mar")
    (process,) = set(psutil.Process().children()) - before
    # It stands still, and so notices no SIGTERM.
    os.kill(process.pid, signal.SIGSTOP)
    while process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    with pytest.raises(ServerUnavailable, match="The first tagger had not ended"):
        tagger.stop()
    assert not process.is_running()
