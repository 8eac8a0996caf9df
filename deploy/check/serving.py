"""The settings of serve_config that a tagger's pods are given."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.check.manifests import Manifest, Workload, named
from server.ports import DEFAULT_PORT, Ports
from server.tagger_server import KILL_TIMEOUT_S, STOP_TIMEOUT_S
from service.settings import FILE, ServiceSettings, parse_service_settings

# The server's own settings (server/serve.py).
GRACE, PORT = "HANGTAG_GRACE_S", "HANGTAG_PORT"


@dataclass(frozen=True)
class ServedSettings:
    """What of service.yaml manifests must agree with."""

    edge: ServiceSettings
    inference_port: int
    metrics_port: int
    # Seconds after SIGTERM in which requests are still taken.
    grace_s: float

    @property
    def longest_stop_s(self) -> float:
        """From SIGTERM until the last process has ended.

        At the end of the grace a request may just have begun to arrive, and the edge may have to
        be stopped twice (server/tagger_server.py).
        """
        return self.grace_s + self.edge.longest_request_s + 2 * STOP_TIMEOUT_S + KILL_TIMEOUT_S


def served_settings(workload: Workload, manifests: Sequence[Manifest]) -> ServedSettings | None:
    """Return the settings in the ConfigMap that the pods mount; None if they are no taggers."""
    for volume in workload.pod.get("volumes", []):
        config_map = named(manifests, "ConfigMap", volume.get("configMap", {}).get("name", ""))
        if config_map is not None and FILE in config_map.get("data", {}):
            return _settings(config_map["data"][FILE], workload)
    return None


def _settings(text: str, workload: Workload) -> ServedSettings:
    ports = Ports(int(_variable(workload, PORT) or DEFAULT_PORT))
    return ServedSettings(
        edge=parse_service_settings(text),
        inference_port=ports.inference,
        metrics_port=ports.metrics,
        # As the server itself does, none if it is not told.
        grace_s=float(_variable(workload, GRACE) or 0),
    )


def _variable(workload: Workload, name: str) -> str:
    values = [
        str(variable.get("value", ""))
        for container in workload.containers()
        for variable in container.spec.get("env", [])
        if variable["name"] == name
    ]
    return values[0] if values else ""
