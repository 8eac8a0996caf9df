"""What builds and runs images on this machine: Docker, or Podman.

On a machine that reaches no registry, a builder takes Podman's place in building: a program
`IMAGE_BUILDER CONTEXT TAG OPTIONS…` that gives the Dockerfile a base image (its `BASE_IMAGE`) and
leaves the image where Podman finds it. What else Podman needs on a machine (its control groups,
runtime, limits) is a matter of its own containers.conf.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import ServerUnavailable

PROJECT = Path(__file__).resolve().parents[2]
_BUILDER = "IMAGE_BUILDER"
_ANSWER_TIMEOUT_S = 20
# Without rights, and on a file system that is read-only but for /tmp; on this machine's network.
# exec: Java loads a library that it unpacks there; without it workers are reached over TCP, not
# over Unix sockets. Podman's /tmp allows it by default, Docker's does not.
_CONFINED = (
    *("--rm", "--network", "host", "--read-only", "--tmpfs", "/tmp:exec"),  # noqa: S108
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
)


@dataclass(frozen=True)
class Engine:
    """Builds and runs images.

    Parameters
    ----------
    client : the program, and options that go before its subcommand
    run_options : what makes the client run a container as confined as the other one does
    builder : builds instead of the client
    """

    client: tuple[str, ...]
    run_options: tuple[str, ...] = ()
    builder: Path | None = None

    def build(self, tag: str, target: str, arguments: Mapping[str, str]) -> None:
        """Build a target of the Dockerfile.

        Raises
        ------
        ServerUnavailable : if it does not build; the builder's own output says why.
        """
        options = ["--target", target]
        for name, value in arguments.items():
            options += ["--build-arg", f"{name}={value}"]
        if self.builder is None:
            command = [*self.client, "build", "--tag", tag, *options, str(PROJECT)]
        else:
            command = [str(self.builder), str(PROJECT), tag, *options]
        # OCI's own format has no HEALTHCHECK; Docker ignores the variable.
        environment = {**os.environ, "BUILDAH_FORMAT": "docker"}
        if subprocess.run(command, env=environment, check=False).returncode:
            raise ServerUnavailable(f"{tag} was not built; the lines above say why.")

    def run_command(
        self, tag: str, arguments: Sequence[str] = (), options: Sequence[str] = ()
    ) -> list[str]:
        """Return the command that runs an image as it should be run: confined."""
        return [*self.client, "run", *_CONFINED, *self.run_options, *options, tag, *arguments]


def find_engine() -> Engine:
    """Return what builds and runs images here.

    Raises
    ------
    ServerUnavailable : if there is neither Docker nor Podman, or no Podman beside IMAGE_BUILDER.
    """
    builder = os.environ.get(_BUILDER)
    if not builder and _answers("docker", "info"):
        return Engine(("docker",))
    if shutil.which("podman") is None:
        raise ServerUnavailable(
            f"Building an image needs Podman, or Docker unless {_BUILDER} is set; install one of "
            "them (Debian: `apt install podman runc`)."
        )
    # Docker's --read-only has no exceptions; Podman's has some, unless told otherwise.
    options = ("--read-only-tmpfs=false",)
    return Engine(("podman",), options, Path(builder) if builder else None)


def _answers(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWER_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
