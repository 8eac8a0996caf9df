"""A folder of kustomize -> manifests, by whatever renders kustomize on this machine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from deploy.check.manifests import Manifest
from hangtag.errors import SetupError

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# https://kubectl.docs.kubernetes.io/references/kustomize/
_RENDERERS = (("kubectl", "kustomize"), ("kustomize", "build"))


def render(folder: Path) -> list[Manifest]:
    """Return the manifests that `kubectl apply -k folder` would apply.

    Raises
    ------
    SetupError : if there is neither kubectl nor kustomize, or the folder cannot be rendered.
    """
    if not any((folder / name).is_file() for name in _KUSTOMIZATIONS):
        raise SetupError(
            f"There is no {_KUSTOMIZATIONS[0]} in {folder}; name an overlay's folder, such as "
            "deploy/kubernetes/overlays/cpu."
        )
    done = subprocess.run(
        [*find_renderer(), str(folder)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise SetupError(f"{folder} cannot be rendered: {_reason(done.stderr)}.")
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def find_renderer() -> list[str]:
    """Return the command that renders the folder named after it; PATH's, or our environment's.

    Raises
    ------
    SetupError : if there is none.
    """
    for program, command in _RENDERERS:
        found = shutil.which(program) or shutil.which(
            program, path=str(Path(sys.executable).parent)
        )
        if found:
            return [found, command]
    raise SetupError(
        "There is neither kubectl nor kustomize; `make setup` brings kubectl for most machines, "
        "https://kubernetes.io/docs/tasks/tools has other ways."
    )


def _reason(printed: str) -> str:
    lines = printed.strip().splitlines() or ["no reason given"]
    # kubectl: E0131 12:00:00.000000 1 run.go:72] "command failed" err="the reason"
    logged = re.search(r' err="(.*)"$', lines[-1])
    return logged.group(1) if logged else lines[-1]
