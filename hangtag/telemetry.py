"""No library that Hangtag stands on calls home: each one's switch, thrown before it is imported.

`import hangtag` does it, so that no module of ours can load one of them any earlier; processes that
are started inherit the variables.
"""

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

SWITCHES: Mapping[str, str] = MappingProxyType(
    {
        # ONNX Runtime 1.29 and later, also on Linux; its function for that comes too late: by then
        # it has written an ID for the machine. https://github.com/microsoft/onnxruntime/pull/27379
        "ORT_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # What others have agreed upon: https://consoledonottrack.com
        "DO_NOT_TRACK": "1",
    }
)
# OpenVINO has no variable for it, but a stub of its own where this package cannot be imported.
# pip installs it with OpenVINO; it looks up an analytics host and leaves IDs in the home folder.
BLOCKED = "openvino_telemetry"


def switch_off_telemetry() -> None:
    """Throw all switches, for this process and for those that it starts."""
    os.environ.update(SWITCHES)
    # What Python itself takes for "there is no such module".
    sys.modules.setdefault(BLOCKED, None)  # type: ignore[arg-type]
