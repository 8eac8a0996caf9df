"""What builds and runs images on this machine: Docker, or Podman.

On a machine that reaches no registry, a builder takes Podman's place in building: a program
`IMAGE_BUILDER CONTEXT TAG OPTIONS…` that gives the Dockerfile a base image (its `BASE_IMAGE`) and
leaves the image where Podman finds it.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hangtag.errors import ServerUnavailable

PROJECT = Path(__file__).resolve().parents[2]
_BUILDER = "IMAGE_BUILDER"
# Beside the project, where it is developed.
_USUAL_BUILDER = PROJECT.parent / "shared" / "tools" / "build-image"
_ANSWER_TIMEOUT_S = 20
_PID_MAX = Path("/proc/sys/kernel/pid_max")
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
    run_options : what this machine needs to run a container at all
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
    if not os.environ.get(_BUILDER) and _answers("docker", "info"):
        return Engine(("docker",))
    if shutil.which("podman") is None:
        raise ServerUnavailable(
            f"Building an image needs Podman, or Docker unless {_BUILDER} is set; install one of "
            "them (Debian: `apt install podman runc`)."
        )
    # Docker's --read-only has no exceptions; Podman's has some, unless told otherwise.
    options = ("--read-only-tmpfs=false", *_ulimits())
    return Engine(("podman", *_podman_options()), options, _find_builder())


def _find_builder() -> Path | None:
    named = os.environ.get(_BUILDER)
    if named:
        return Path(named)
    return _USUAL_BUILDER if _USUAL_BUILDER.is_file() else None


def _answers(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWER_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _podman_options() -> tuple[str, ...]:
    """What Podman does not find out by itself."""
    options: tuple[str, ...] = ()
    if not Path("/run/systemd/system").exists():
        options += ("--cgroup-manager", "cgroupfs")
    # crun refuses a mixture of the two versions of control groups.
    if Path("/sys/fs/cgroup/unified").exists() and shutil.which("runc"):
        options += ("--runtime", "runc")
    return options


def _ulimits() -> tuple[str, ...]:
    """The machine's own limits: Podman asks for more, which a confined root may not give."""
    options: tuple[str, ...] = ()
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        most = resource.getrlimit(number)[1]
        if most != resource.RLIM_INFINITY:
            # Podman has lowered its own to this, and with it that of what it starts.
            most = min(most, int(_PID_MAX.read_text())) if name == "nproc" else most
            options += ("--ulimit", f"{name}={most}:{most}")
    return options
