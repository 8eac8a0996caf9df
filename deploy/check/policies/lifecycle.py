"""How pods come, stay and go: probes, drain, disruption, scaling."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.check.manifests import Container, Manifest, of_kind, selects, title_of, workloads
from deploy.check.serving import GRACE, served_settings

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# Kubernetes' own: https://kubernetes.io/docs/concepts/workloads/pods/probes
_PERIOD_S, _FAILURES, _GRACE_S = 10, 3, 30
# Seconds that it takes until the last ingress and node know that a pod goes.
_LEAST_GRACE_S = 5


def is_probed_three_times(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Whether it has started, is ready, and lives, asked over HTTP as its callers do."""
    for container in _serving_containers(manifests):
        for probe in _PROBES:
            if "httpGet" not in container.spec.get(probe, {}):
                yield f"{container.title}: give it a {probe} with httpGet."


def restarts_later_than_it_leaves(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A pod that is only unwell must get no requests before it is killed, perhaps in vain."""
    for container in _serving_containers(manifests):
        readiness_s, liveness_s = (
            _patience_s(container.spec.get(probe, {}))
            for probe in ("readinessProbe", "livenessProbe")
        )
        if liveness_s <= readiness_s:
            yield (
                f"{container.title}: its livenessProbe gives up after {liveness_s} s, and "
                f"its readinessProbe after {readiness_s} s; raise the first's failureThreshold."
            )


def stops_in_time(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Who is still draining, reading, answering or stopping is not killed."""
    for workload in workloads(manifests):
        settings = served_settings(workload, manifests)
        grace_s = workload.pod.get("terminationGracePeriodSeconds", _GRACE_S)
        if settings is None:
            continue
        if settings.grace_s < _LEAST_GRACE_S:
            yield f"{workload.title}: set {GRACE} to {_LEAST_GRACE_S} at least."
        if grace_s < settings.longest_stop_s:
            yield (
                f"{workload.title}: stopping can take {settings.longest_stop_s:.0f} s; raise "
                f"terminationGracePeriodSeconds from {grace_s}."
            )


def survives_a_drained_node(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A disruption budget for each Deployment, which lets some pod go."""
    budgets = list(of_kind(manifests, "PodDisruptionBudget"))
    for workload in workloads(manifests):
        if workload.manifest["kind"] != "Deployment":
            continue
        its_own = [each for each in budgets if selects(each["spec"]["selector"], workload.labels)]
        if len(its_own) != 1:
            yield f"{workload.title}: has {len(its_own)} PodDisruptionBudgets; give it one."
    for budget in budgets:
        if not budget["spec"].get("maxUnavailable"):
            yield f"{title_of(budget)}: set maxUnavailable, and more than 0."


def is_scaled_by_one_hand(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Either `replicas` or one autoscaler: two of them undo each other's work."""
    targets = [
        each["spec"]["scaleTargetRef"]["name"]
        for each in of_kind(manifests, "HorizontalPodAutoscaler", "ScaledObject")
    ]
    for manifest in of_kind(manifests, "Deployment"):
        hands = targets.count(manifest["metadata"]["name"]) + ("replicas" in manifest["spec"])
        if hands != 1:
            yield f"{title_of(manifest)}: set either replicas or one autoscaler; it has {hands}."


def _serving_containers(manifests: Sequence[Manifest]) -> Iterator[Container]:
    for workload in workloads(manifests):
        if workload.manifest["kind"] != "Job":
            yield from (each for each in workload.containers() if not each.is_init)


def _patience_s(probe: Mapping[str, Any]) -> int:
    failures: int = probe.get("failureThreshold", _FAILURES)
    period_s: int = probe.get("periodSeconds", _PERIOD_S)
    return failures * period_s
