"""Each policy refuses what it is there for, and nothing of sound manifests."""

from typing import Any

import pytest

from deploy.check.manifests import Manifest, selects
from deploy.check.policies import (
    POLICIES,
    Policy,
    edge,
    lifecycle,
    network,
    pods,
    policy_faults,
    secrecy,
)
from hangtag.errors import SetupError
from tests.unit.deploy.manifests import changed, sound_manifests, without

TAGGER = "Deployment/tagger"
POD = "spec template spec"
CONTAINER = f"{POD} containers 0"
FETCH = f"{POD} initContainers 0"
ANNOTATION = "metadata annotations nginx.ingress.kubernetes.io/"

# A policy, what is changed in the sound manifests, and what the policy then speaks of.
REFUSED: list[tuple[Policy, str, str, Any, str]] = [
    (
        pods.runs_as_a_user_without_rights,
        TAGGER,
        f"{POD} securityContext runAsNonRoot",
        None,
        "runAsNonRoot",
    ),
    (
        pods.runs_as_a_user_without_rights,
        TAGGER,
        f"{POD} securityContext runAsUser",
        0,
        "runAsUser",
    ),
    (
        pods.runs_as_a_user_without_rights,
        TAGGER,
        f"{CONTAINER} securityContext runAsUser",
        0,
        "container tagger",
    ),
    (
        pods.gains_no_rights,
        TAGGER,
        f"{FETCH} securityContext allowPrivilegeEscalation",
        None,
        "container fetch: set allowPrivilegeEscalation",
    ),
    (pods.gains_no_rights, TAGGER, f"{CONTAINER} securityContext privileged", True, "privileged"),
    (
        pods.gains_no_rights,
        TAGGER,
        f"{CONTAINER} securityContext capabilities",
        {"drop": ["ALL"], "add": ["NET_ADMIN"]},
        "capabilities",
    ),
    (pods.gains_no_rights, TAGGER, f"{POD} securityContext seccompProfile", None, "seccompProfile"),
    (pods.gains_no_rights, TAGGER, f"{POD} hostNetwork", True, "takes hostNetwork"),
    (
        pods.gains_no_rights,
        TAGGER,
        f"{POD} volumes 1",
        {"name": "disk", "hostPath": {"path": "/"}},
        "takes disk",
    ),
    (
        pods.cannot_write_its_root,
        TAGGER,
        f"{FETCH} securityContext readOnlyRootFilesystem",
        False,
        "container fetch: set readOnlyRootFilesystem",
    ),
    (pods.has_no_token, TAGGER, f"{POD} automountServiceAccountToken", None, "automount"),
    (pods.has_requests_and_limits, TAGGER, f"{CONTAINER} resources", None, "requests.cpu"),
    (
        pods.has_requests_and_limits,
        TAGGER,
        f"{FETCH} resources limits memory",
        None,
        "limits.memory",
    ),
    (pods.has_bounded_scratch, TAGGER, f"{POD} volumes 1 emptyDir", {}, "volume tmp"),
    (pods.has_a_pinned_image, TAGGER, f"{CONTAINER} image", "hangtag:latest", "hangtag:latest"),
    (
        pods.has_a_pinned_image,
        TAGGER,
        f"{CONTAINER} image",
        "host:5000/hangtag",
        "host:5000/hangtag",
    ),
    (lifecycle.is_probed_three_times, TAGGER, f"{CONTAINER} startupProbe", None, "startupProbe"),
    (
        lifecycle.is_probed_three_times,
        TAGGER,
        f"{CONTAINER} readinessProbe",
        None,
        "readinessProbe",
    ),
    (
        lifecycle.is_probed_three_times,
        TAGGER,
        f"{CONTAINER} livenessProbe",
        {"tcpSocket": {"port": "http"}},
        "livenessProbe",
    ),
    (
        lifecycle.restarts_later_than_it_leaves,
        TAGGER,
        f"{CONTAINER} livenessProbe periodSeconds",
        1,
        "gives up after 3 s",
    ),
    (lifecycle.stops_in_time, TAGGER, f"{POD} terminationGracePeriodSeconds", None, "from 30"),
    (lifecycle.stops_in_time, TAGGER, f"{CONTAINER} env 0 value", "60", "can take 118 s"),
    (lifecycle.stops_in_time, TAGGER, f"{CONTAINER} env", None, "set HANGTAG_GRACE_S"),
    (
        lifecycle.survives_a_drained_node,
        "PodDisruptionBudget/tagger",
        "spec selector matchLabels app",
        "other",
        "has 0 PodDisruptionBudgets",
    ),
    (
        lifecycle.survives_a_drained_node,
        "PodDisruptionBudget/tagger",
        "spec maxUnavailable",
        0,
        "more than 0",
    ),
    (lifecycle.is_scaled_by_one_hand, TAGGER, "spec replicas", 2, "it has 2"),
    (
        network.denies_by_default,
        "NetworkPolicy/default-deny",
        "spec policyTypes",
        ["Ingress"],
        "no NetworkPolicy",
    ),
    (
        network.denies_by_default,
        "NetworkPolicy/default-deny",
        "spec egress",
        [{}],
        "no NetworkPolicy",
    ),
    (
        network.opens_nothing_to_everybody,
        "NetworkPolicy/tagger",
        "spec ingress 0 from",
        None,
        "from",
    ),
    (
        network.opens_nothing_to_everybody,
        "NetworkPolicy/tagger",
        "spec egress 0 ports",
        None,
        "ports",
    ),
    (
        network.opens_nothing_to_everybody,
        "NetworkPolicy/tagger",
        "spec ingress 0 from 0",
        {"ipBlock": {"cidr": "198.51.100.0/24"}},
        "ingress rules open",
    ),
    (
        network.opens_nothing_to_everybody,
        "NetworkPolicy/tagger",
        "spec egress 0 to 0 ipBlock cidr",
        "0.0.0.0/0",
        "egress rules open",
    ),
    (
        network.opens_the_ports_of_its_settings,
        TAGGER,
        f"{CONTAINER} ports 0 containerPort",
        8081,
        "opens {'http': 8081",
    ),
    (
        network.opens_the_ports_of_its_settings,
        "NetworkPolicy/tagger",
        "spec ingress 0 ports 0 port",
        8081,
        "let ports",
    ),
    (network.services_meet_one_workload, "Service/tagger", "spec selector app", "other", "nothing"),
    (
        network.services_meet_one_workload,
        "Service/tagger",
        "spec ports 0 targetPort",
        "management",
        "no port 'management'",
    ),
    (
        edge.fits_the_settings_behind_it,
        "Ingress/tagger",
        f"{ANNOTATION}proxy-body-size",
        "8m",
        "8388608 bytes",
    ),
    (
        edge.fits_the_settings_behind_it,
        "Ingress/tagger",
        f"{ANNOTATION}proxy-read-timeout",
        "10",
        "longer than",
    ),
    (edge.asks_for_a_key, "Ingress/tagger", f"{ANNOTATION}auth-url", None, "set auth-url"),
    (
        edge.asks_for_a_key,
        "Ingress/tagger",
        f"{ANNOTATION}auth-url",
        "http://tagger.elsewhere.svc/check",
        "not where tagger answers; that is tagger.",
    ),
    (
        edge.encrypts_every_host,
        "Ingress/tagger",
        "spec tls",
        [{"hosts": ["other.example.com"], "secretName": "tls"}],
        "and its tls for other.example.com; make them the same",
    ),
    (
        edge.encrypts_every_host,
        "Ingress/tagger",
        "spec tls",
        [{"secretName": "tls"}],
        "and its tls for none; make them the same",
    ),
    (
        secrecy.names_what_is_there,
        TAGGER,
        f"{FETCH} envFrom 0 configMapRef name",
        "archive",
        "ConfigMap/archive",
    ),
    (
        secrecy.names_what_is_there,
        "HorizontalPodAutoscaler/tagger",
        "spec scaleTargetRef name",
        "other",
        "Deployment/other",
    ),
    *(
        (secrecy.config_maps_hold_no_secrets, "ConfigMap/settings", f"data {key}", value, key)
        for key, value in (
            ("DB_PASSWORD", "hunter2"),
            ("store.env", "AWS_REGION=eu\nAWS_ACCESS_KEY=abc"),
            ("store.txt", "the id is AKIAIOSFODNN7EXAMPLE"),
            ("tls.pem", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("source", "https://user:hunter2@archives.example.com/tagger.mar"),
        )
    ),
]


def test_sound_manifests_pass_every_policy() -> None:
    assert list(policy_faults(sound_manifests())) == []


@pytest.mark.parametrize(("policy", "title", "path", "value", "fragment"), REFUSED)
def test_a_policy_refuses(policy: Policy, title: str, path: str, value: Any, fragment: str) -> None:
    faults = list(policy(changed(title, path, value)))
    assert any(fragment in fault for fault in faults), faults


def test_every_policy_is_shown_to_refuse_something() -> None:
    assert {policy for policy, *_ in REFUSED} == set(POLICIES)


def test_no_network_policies_deny_nothing() -> None:
    assert list(network.denies_by_default(without("NetworkPolicy/default-deny")))


def test_a_deployment_that_nobody_scales_is_refused() -> None:
    manifests = without("HorizontalPodAutoscaler/tagger")
    assert list(lifecycle.is_scaled_by_one_hand(manifests)) == [
        "Deployment/tagger: set either replicas or one autoscaler; it has 0."
    ]


def test_two_workloads_behind_one_service_are_refused() -> None:
    manifests = [*sound_manifests(), _twin()]
    (fault,) = network.services_meet_one_workload(manifests)
    assert "Deployment/tagger, Deployment/twin" in fault


@pytest.mark.parametrize(
    ("setting", "policy"),
    [
        ("time_limit_ms: 60000", lifecycle.stops_in_time),
        ("time_limit_ms: 60000", edge.fits_the_settings_behind_it),
        ("max_request_bytes: 1000000", edge.fits_the_settings_behind_it),
    ],
)
def test_the_settings_that_are_served_count(setting: str, policy: Policy) -> None:
    manifests = changed("ConfigMap/settings", "data service.yaml", f"{setting}\n")
    assert list(policy(manifests))


def test_the_port_that_the_server_is_told_counts() -> None:
    environment = [{"name": "HANGTAG_PORT", "value": "9000"}]
    place = "spec template spec containers 0 env"
    manifests = changed("Deployment/tagger", place, environment)
    assert list(network.opens_the_ports_of_its_settings(manifests))


def _twin() -> Manifest:
    twin = sound_manifests()[2]
    twin["metadata"]["name"] = "twin"
    return twin


def test_a_selector_that_cannot_be_judged_is_refused() -> None:
    by_expression = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    with pytest.raises(SetupError, match="read matchLabels only"):
        selects(by_expression, {"app": "hangtag"})
