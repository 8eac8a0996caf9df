"""What is wrong with the manifests of one overlay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.check.manifests import Manifest
from deploy.check.policies import policy_faults
from deploy.check.schemas import schema_faults


@dataclass(frozen=True)
class Finding:
    """Sentences that say what is wrong: by minor of Kubernetes, and by our policies."""

    manifests: int
    invalid: Mapping[str, Sequence[str]]
    refused: Sequence[str]

    @property
    def faults(self) -> list[str]:
        """All of it, each fault once, with the minors that it is one in."""
        found = dict.fromkeys(fault for faults in self.invalid.values() for fault in faults)
        return [*(f"{fault} ({self._minors(fault)})" for fault in found), *self.refused]

    def _minors(self, fault: str) -> str:
        minors = [minor for minor, faults in self.invalid.items() if fault in faults]
        return f"Kubernetes {', '.join(minors)}"


def check(manifests: Sequence[Manifest], minors: Sequence[str]) -> Finding:
    """Hold the manifests of one overlay against schemas and policies."""
    invalid = {
        minor: [fault for manifest in manifests for fault in schema_faults(manifest, minor)]
        for minor in minors
    }
    return Finding(len(manifests), invalid, list(policy_faults(manifests)))
