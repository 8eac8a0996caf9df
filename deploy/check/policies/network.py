"""Who reaches what: network policies, ports, Services."""

from collections.abc import Iterator, Sequence
from typing import Any

from deploy.check.manifests import Manifest, Workload, of_kind, selects, title_of, workloads
from deploy.check.serving import served_settings

_DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


def denies_by_default(manifests: Sequence[Manifest]) -> Iterator[str]:
    """One NetworkPolicy that holds for every pod, in both directions, and allows nothing."""
    if not any(_denies_everything(each["spec"]) for each in of_kind(manifests, "NetworkPolicy")):
        yield (
            "There is no NetworkPolicy with podSelector: {}, policyTypes: [Ingress, Egress] and no "
            "rules; add one."
        )


def opens_nothing_to_everybody(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Each rule says with whom and on which ports; only outgoing ones may name an address range."""
    for policy in of_kind(manifests, "NetworkPolicy"):
        for _, rules, peers in _DIRECTIONS:
            for rule in policy["spec"].get(rules) or []:
                if not rule.get(peers) or not rule.get("ports"):
                    yield f"{title_of(policy)}: each {rules} rule needs `{peers}` and `ports`."
                elif not all(_is_limited(peer, rules) for peer in rule[peers]):
                    yield f"{title_of(policy)}: its {rules} rules open to any address."


def opens_the_ports_of_its_settings(manifests: Sequence[Manifest]) -> Iterator[str]:
    """The API's and the metrics' port as the server has them; management's stays in the pod."""
    for workload in workloads(manifests):
        settings = served_settings(workload, manifests)
        if settings is None:
            continue
        wanted = {"http": settings.inference_port, "metrics": settings.metrics_port}
        opened = _opened(workload)
        if opened != wanted:
            yield f"{workload.title}: opens {opened}; the server listens on {wanted}."
        allowed = _allowed(workload, manifests)
        if allowed != set(wanted.values()):
            yield (
                f"{workload.title}: network policies let ports {sorted(map(str, allowed))} in; "
                f"the server listens on {sorted(wanted.values())}."
            )


def services_meet_one_workload(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A Service that met two releases would mix them, and one that meets none answers nobody."""
    for service in of_kind(manifests, "Service"):
        selector = {"matchLabels": service["spec"].get("selector")}
        met = [each for each in workloads(manifests) if selects(selector, each.labels)]
        if len(met) != 1:
            titles = ", ".join(each.title for each in met) or "nothing"
            yield f"{title_of(service)}: its selector meets {titles}; it must meet one workload."
            continue
        names = _opened(met[0])
        for port in service["spec"]["ports"]:
            if port.get("targetPort") not in names:
                yield f"{title_of(service)}: {met[0].title} has no port {port.get('targetPort')!r}."


def _opened(workload: Workload) -> dict[str | None, int]:
    return {
        port.get("name"): port["containerPort"]
        for container in workload.containers()
        for port in container.spec.get("ports", [])
    }


def _allowed(workload: Workload, manifests: Sequence[Manifest]) -> set[int | str]:
    return {
        port.get("port")
        for policy in of_kind(manifests, "NetworkPolicy")
        if selects(policy["spec"]["podSelector"], workload.labels)
        for rule in policy["spec"].get("ingress") or []
        for port in rule.get("ports", [])
    }


def _denies_everything(spec: dict[str, Any]) -> bool:
    return (
        not spec["podSelector"]
        and set(spec.get("policyTypes", [])) == {kind for kind, _, _ in _DIRECTIONS}
        and not any(spec.get(rules) for _, rules, _ in _DIRECTIONS)
    )


def _is_limited(peer: dict[str, Any], rules: str) -> bool:
    if "ipBlock" in peer:
        # Out to the archive's store by address; callers are never known by theirs.
        return rules == "egress" and bool(peer["ipBlock"].get("except") or not _is_all(peer))
    return any(peer.get(selector) for selector in ("namespaceSelector", "podSelector"))


def _is_all(peer: dict[str, Any]) -> bool:
    return str(peer["ipBlock"]["cidr"]).endswith("/0")
