"""Kubernetes manifests as they come out of YAML, and what the policies look for in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hangtag.errors import SetupError

Manifest = dict[str, Any]
# The kinds that make pods, all of them with a `spec.template`.
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@dataclass(frozen=True)
class Container:
    """One container of a pod; `title` says where it is."""

    title: str
    spec: Mapping[str, Any]
    is_init: bool

    @property
    def security(self) -> Mapping[str, Any]:
        """Its own security settings, without those of the pod."""
        context: Mapping[str, Any] = self.spec.get("securityContext", {})
        return context


@dataclass(frozen=True)
class Workload:
    """What makes pods: its title, the labels that the pods get, and how they are made."""

    title: str
    manifest: Manifest
    labels: Mapping[str, str]
    pod: Mapping[str, Any]

    def containers(self) -> Iterator[Container]:
        """Those that run before the pod's own first."""
        for kind in ("initContainers", "containers"):
            for spec in self.pod.get(kind, []):
                title = f"{self.title}, container {spec['name']}"
                yield Container(title, spec, is_init=kind == "initContainers")


def title_of(manifest: Manifest) -> str:
    """Return `Kind/name`, as kubectl writes it."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(manifests: Sequence[Manifest], *kinds: str) -> Iterator[Manifest]:
    """The manifests of these kinds."""
    return (each for each in manifests if each["kind"] in kinds)


def named(manifests: Sequence[Manifest], kind: str, name: str) -> Manifest | None:
    """Return one manifest; None if it is not among them."""
    found = (each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name)
    return next(found, None)


def workloads(manifests: Sequence[Manifest]) -> Iterator[Workload]:
    """Everything that makes pods."""
    for manifest in of_kind(manifests, *_WORKLOADS):
        template = manifest["spec"]["template"]
        labels = template.get("metadata", {}).get("labels", {})
        yield Workload(title_of(manifest), manifest, labels, template["spec"])


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a LabelSelector's `matchLabels` meet these labels; an empty one meets all.

    Raises
    ------
    SetupError : if it has `matchExpressions`, which the policies cannot judge.
    """
    selector = selector or {}
    if selector.get("matchExpressions"):
        raise SetupError("The policies read matchLabels only; write the selector with these.")
    return (selector.get("matchLabels") or {}).items() <= labels.items()
