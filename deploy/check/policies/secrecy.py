"""What manifests say of other objects: no secrets in the open, no names of what is not there."""

import re
from collections.abc import Iterator, Sequence

from deploy.check.manifests import Manifest, named, of_kind, title_of, workloads

_SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    # `password=…`, `api_key: …`: a name that ends so, and a value.
    re.compile(
        r"^\s*[\w.-]*(password|passwd|secret|token|api[_-]?key|access[_-]?key)\s*[:=]\s*[^\s;]+",
        re.IGNORECASE | re.MULTILINE,
    ),
    # Of a URL.
    re.compile(r"://[^/\s:@]+:[^/\s:@]+@"),
)


def config_maps_hold_no_secrets(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Keys, passwords and tokens belong into Secrets, which fewer may read."""
    for config_map in of_kind(manifests, "ConfigMap"):
        for key, value in config_map.get("data", {}).items():
            if any(secret.search(f"{key}={value}") or secret.search(value) for secret in _SECRETS):
                yield f"{title_of(config_map)}, {key}: looks like a secret; use a Secret."


def names_what_is_there(manifests: Sequence[Manifest]) -> Iterator[str]:
    """ConfigMaps, ServiceAccounts, Services and autoscaled Deployments; Secrets are not in git."""
    for title, kind, name in _names(manifests):
        if named(manifests, kind, name) is None:
            yield f"{title}: there is no {kind}/{name}."


def _names(manifests: Sequence[Manifest]) -> Iterator[tuple[str, str, str]]:
    for workload in workloads(manifests):
        yield workload.title, "ServiceAccount", workload.pod.get("serviceAccountName", "default")
        for volume in workload.pod.get("volumes", []):
            if "configMap" in volume:
                yield workload.title, "ConfigMap", volume["configMap"]["name"]
        for container in workload.containers():
            for source in container.spec.get("envFrom", []):
                if "configMapRef" in source:
                    yield container.title, "ConfigMap", source["configMapRef"]["name"]
    for scaler in of_kind(manifests, "HorizontalPodAutoscaler", "ScaledObject"):
        yield title_of(scaler), "Deployment", scaler["spec"]["scaleTargetRef"]["name"]
    for ingress in of_kind(manifests, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield title_of(ingress), "Service", path["backend"]["service"]["name"]
