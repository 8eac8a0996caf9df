"""What the processes of a server see of the environment."""

import os
import re
from pathlib import Path

from hangtag.engine import DECIDED_PRECISION
from server.plan import ServingPlan
from server.speed import Speed

# How the C library of the workers keeps memory. Left to itself, it keeps the memory of the largest
# photo that each of a worker's threads has seen: hostile photos took a worker from 510 to 770 MB
# for good (2 cores), and with these settings nowhere.
_MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
# Names of files, logs and answers are UTF-8, whatever the terminal takes.
UTF_8 = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
# Workers need no secrets; config.properties says the same to TorchServe (blacklist_env_vars).
_SECRET = re.compile(
    r".*(secret|token|password|passwd|credential|api_?key|access_?key).*", re.IGNORECASE
)


def environment_of(
    run_folder: Path, logs: Path, plan: ServingPlan, speed: Speed | None
) -> dict[str, str]:
    """Return ours, without secrets and what would overrule the settings or the archive.

    The settings: TS_CONFIG_FILE, TS_MODEL_SERVER_HOME, … The archive: PYTHONPATH would come before
    it in a worker.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TS_") and name != "PYTHONPATH" and not _SECRET.fullmatch(name)
    }
    return {
        **_MEMORY,
        **inherited,
        **dict.fromkeys(("TEMP", "TMPDIR"), str(run_folder)),
        **UTF_8,
        "OMP_NUM_THREADS": str(plan.threads),
        "LOG_LOCATION": str(logs),
        "METRICS_LOCATION": str(logs),
        # In which numbers the network was the fastest, if that was measured.
        **({DECIDED_PRECISION: speed.precision} if speed else {}),
    }
