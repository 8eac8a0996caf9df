"""`python healthcheck.py`: whether the service in this container answers; exit code 1 if not.

Runs in the image, every few seconds, on Python alone: importing more would cost more than asking.
"""

import os
import sys
from urllib.request import ProxyHandler, build_opener

TIMEOUT_S = 4


def obstacle(port: str) -> str | None:
    """Return why the service on this port of loopback cannot be sent requests; None if it can."""
    try:
        # Loopback is never reached by http_proxy.
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/ping", timeout=TIMEOUT_S):
            return None
    except OSError as error:
        return f"/ping on port {port}: {error}"


if __name__ == "__main__":
    sys.exit(obstacle(os.environ.get("HANGTAG_PORT", "8080")))
