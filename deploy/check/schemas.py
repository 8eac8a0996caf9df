"""Whether manifests are valid by the schemas of Kubernetes, and of the CRDs that we use."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from kubernetes_validate.utils import all_versions, major_minor

from deploy.check.manifests import Manifest, title_of

# As many as Kubernetes itself supports: https://kubernetes.io/releases
SUPPORTED_MINORS = 3
_CRDS = Path(__file__).parent / "crds"


def last_minors(count: int = SUPPORTED_MINORS) -> tuple[str, ...]:
    """Return the newest minors of Kubernetes that we have schemas of, as `1.37`, oldest first."""
    minors = [major_minor(each) for each in all_versions()]
    return tuple(dict.fromkeys(minors))[-count:]


def schema_faults(manifest: Manifest, minor: str) -> Iterator[str]:
    """Yield what is wrong with a manifest in that minor; a field that nobody knows is wrong, too.

    Of CRDs, whose schemas do not depend on the minor, only the parts that we use are known
    (crds/): one that is not described there is a fault.
    """
    text = json.dumps(manifest, sort_keys=True)
    if (fault := _fault(text, minor)) is not None:
        yield f"{title_of(manifest)}, {fault}"


# Overlays have most of their manifests in common, and a schema takes a tenth of a second to read.
@cache
def _fault(text: str, minor: str) -> str | None:
    manifest = json.loads(text)
    own = _crds().get((manifest["apiVersion"], manifest["kind"]))
    try:
        if own is not None:
            jsonschema.Draft202012Validator(own).validate(manifest)
        else:
            kubernetes_validate.validate(manifest, minor, strict=True)
    except jsonschema.ValidationError as error:
        return f"{error.json_path}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError:
        return f"{manifest['apiVersion']} is unknown in Kubernetes {minor} and in deploy/check/crds"
    return None


@cache
def _crds() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    schemas = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(_CRDS.glob("*.yaml"))]
    return {
        (each["properties"]["apiVersion"]["const"], each["properties"]["kind"]["const"]): each
        for each in schemas
    }
