"""What stands before the taggers: the Ingress, as ingress-nginx understands it."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from deploy.check.manifests import Manifest, named, of_kind, selects, title_of, workloads
from deploy.check.serving import ServedSettings, served_settings

_PREFIX = "nginx.ingress.kubernetes.io/"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def fits_the_settings_behind_it(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Bodies as large as the tagger takes, and more patience than it needs to answer."""
    for ingress in of_kind(manifests, "Ingress"):
        annotations = _annotations(ingress)
        for settings in _settings_behind(ingress, manifests):
            body_bytes = _size_bytes(annotations.get("proxy-body-size", "1m"))
            if body_bytes != settings.edge.max_request_bytes:
                yield (
                    f"{title_of(ingress)}: proxy-body-size is {body_bytes} bytes, and "
                    f"max_request_bytes {settings.edge.max_request_bytes}; make them the same."
                )
            patience_ms = 1000 * int(annotations.get("proxy-read-timeout", "60"))
            if patience_ms <= settings.edge.time_limit_ms:
                yield (
                    f"{title_of(ingress)}: proxy-read-timeout must be longer than "
                    f"time_limit_ms ({settings.edge.time_limit_ms})."
                )


def asks_for_a_key(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Every Ingress has its callers checked, by a Service that is there."""
    for ingress in of_kind(manifests, "Ingress"):
        url = urlsplit(_annotations(ingress).get("auth-url", ""))
        name, _, rest = (url.hostname or "").partition(".")
        service = named(manifests, "Service", name)
        if service is None:
            yield f"{title_of(ingress)}: set auth-url to a Service that checks API keys."
            continue
        namespace = rest.partition(".")[0]
        ports = [port["port"] for port in service["spec"]["ports"]]
        if namespace != service["metadata"].get("namespace") or (url.port or 80) not in ports:
            here = service["metadata"].get("namespace")
            yield (
                f"{title_of(ingress)}: auth-url {url.geturl()} is not where {name} answers; that "
                f"is {name}.{here}, port {ports[0]}."
            )


def encrypts_every_host(manifests: Sequence[Manifest]) -> Iterator[str]:
    """The hosts of an Ingress with TLS are those of its certificates."""
    for ingress in of_kind(manifests, "Ingress"):
        if "tls" not in ingress["spec"]:
            continue
        certified = {host for each in ingress["spec"]["tls"] for host in each.get("hosts", [])}
        hosts = {rule.get("host", "*") for rule in ingress["spec"]["rules"]}
        if certified != hosts:
            yield (
                f"{title_of(ingress)}: its rules are for {', '.join(sorted(hosts))}, and its tls "
                f"for {', '.join(sorted(certified)) or 'none'}; make them the same."
            )


def _settings_behind(ingress: Manifest, manifests: Sequence[Manifest]) -> Iterator[ServedSettings]:
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            service = named(manifests, "Service", path["backend"]["service"]["name"])
            if service is None:
                continue
            selector = {"matchLabels": service["spec"]["selector"]}
            for workload in workloads(manifests):
                settings = served_settings(workload, manifests)
                if settings is not None and selects(selector, workload.labels):
                    yield settings


def _annotations(ingress: Manifest) -> Mapping[str, str]:
    annotations = ingress["metadata"].get("annotations", {})
    return {name.removeprefix(_PREFIX): value for name, value in annotations.items()}


def _size_bytes(size: str) -> int:
    """Return what nginx means by a size.

    >>> _size_bytes("64m")
    67108864
    """
    number = size.rstrip("kmgKMG")
    return int(number) * _UNITS[size[len(number) :].lower()]
