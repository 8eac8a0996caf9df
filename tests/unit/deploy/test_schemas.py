from typing import Any

import pytest
import yaml

from deploy.check.schemas import last_minors, schema_faults
from tests.unit.deploy.manifests import changed, sound_manifests

SCALED_OBJECT = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: tagger}
spec:
  scaleTargetRef: {name: tagger}
  triggers:
    - type: cpu
      metricType: Utilization
      metadata: {value: "75"}
"""


def test_the_last_minors_are_three_in_a_row() -> None:
    minors = [int(minor.removeprefix("1.")) for minor in last_minors()]
    assert minors == [minors[-1] - 2, minors[-1] - 1, minors[-1]]


@pytest.mark.parametrize("minor", last_minors())
def test_sound_manifests_are_valid(minor: str) -> None:
    assert [fault for each in sound_manifests() for fault in schema_faults(each, minor)] == []


@pytest.mark.parametrize(
    ("path", "value", "fragment"),
    [
        ("spec replica", 2, "'replica' was unexpected"),
        ("spec selector", None, "'selector' is a required property"),
        ("spec template spec terminationGracePeriodSeconds", "long", "'long' is not of type"),
    ],
)
def test_a_wrong_field_is_a_fault(path: str, value: Any, fragment: str) -> None:
    deployment = changed("Deployment/tagger", path, value)[2]
    (fault,) = schema_faults(deployment, last_minors()[-1])
    assert fault.startswith("Deployment/tagger, $.spec")
    assert fragment in fault


def test_a_custom_resource_is_held_against_our_own_schema() -> None:
    scaled = yaml.safe_load(SCALED_OBJECT)
    minor = last_minors()[-1]
    assert list(schema_faults(scaled, minor)) == []
    # KEDA refuses numbers here, but only once it has been applied.
    scaled["spec"]["triggers"][0]["metadata"]["value"] = 75
    assert list(schema_faults(scaled, minor))


def test_a_kind_that_nobody_knows_is_a_fault() -> None:
    manifest = {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "a"}}
    minor = last_minors()[-1]
    assert list(schema_faults(manifest, minor)) == [
        f"Shop/a, example.com/v1 is unknown in Kubernetes {minor} and in deploy/check/crds"
    ]
