"""What a container may do and take: user, rights, files, resources, image."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.check.manifests import Container, Manifest, workloads

_RESOURCES = ("cpu", "memory")
# A version or a digest: `latest`, `stable` or nothing mean another image tomorrow.
_PINNED = re.compile(r".+(:v?\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})")


def runs_as_a_user_without_rights(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Not root, and by a number: a name in the image cannot be checked by the kubelet."""
    for container, pod in _containers(manifests):
        context = {**pod.get("securityContext", {}), **container.security}
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{container.title}: set runAsNonRoot: true and a runAsUser other than 0."


def gains_no_rights(manifests: Sequence[Manifest]) -> Iterator[str]:
    """No capabilities, no escalation, the runtime's seccomp profile, nothing of the host."""
    for container, pod in _containers(manifests):
        context = {**pod.get("securityContext", {}), **container.security}
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield f"{container.title}: set allowPrivilegeEscalation: false, and no privileged."
        capabilities = context.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield f"{container.title}: set capabilities.drop: [ALL], and add none."
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{container.title}: set seccompProfile.type: RuntimeDefault."
    for workload in workloads(manifests):
        shared = [key for key in ("hostNetwork", "hostPID", "hostIPC") if workload.pod.get(key)]
        mounted = [each["name"] for each in workload.pod.get("volumes", []) if "hostPath" in each]
        if shared or mounted:
            yield f"{workload.title}: takes {', '.join(shared + mounted)} of the host."


def cannot_write_its_root(manifests: Sequence[Manifest]) -> Iterator[str]:
    """The root file system is read-only."""
    for container, _ in _containers(manifests):
        if container.security.get("readOnlyRootFilesystem") is not True:
            yield f"{container.title}: set readOnlyRootFilesystem: true."


def has_no_token(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Nothing here talks to Kubernetes, so no pod needs a token to do it."""
    for workload in workloads(manifests):
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield f"{workload.title}: set automountServiceAccountToken: false."


def has_requests_and_limits(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Of processor and memory, each."""
    for container, _ in _containers(manifests):
        resources = container.spec.get("resources", {})
        missing = [
            f"{kind}.{name}"
            for kind in ("requests", "limits")
            for name in _RESOURCES
            if name not in resources.get(kind, {})
        ]
        if missing:
            yield f"{container.title}: set resources.{', resources.'.join(missing)}."


def has_bounded_scratch(manifests: Sequence[Manifest]) -> Iterator[str]:
    """An emptyDir without a limit fills the node's disk."""
    for workload in workloads(manifests):
        for volume in workload.pod.get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield f"{workload.title}, volume {volume['name']}: set emptyDir.sizeLimit."


def has_a_pinned_image(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A version or a digest, never `latest`."""
    for container, _ in _containers(manifests):
        if not _PINNED.fullmatch(container.spec["image"]):
            image = container.spec["image"]
            yield f"{container.title}: give {image} a tag that is a version, or a digest."


def _containers(manifests: Sequence[Manifest]) -> Iterator[tuple[Container, Mapping[str, Any]]]:
    for workload in workloads(manifests):
        for container in workload.containers():
            yield container, workload.pod
