"""Builds hangtag-frontend.jar from the Java sources beside it: `make frontend`. Needs a javac.

The jar is committed, since users have no Java compiler; it carries the sha256 of the sources that
it was built from, and a test compares the two.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from hangtag.cli.console import one_sentence_errors, run_command
from hangtag.errors import ServerUnavailable

FOLDER = Path(__file__).parent
JAR = FOLDER / "hangtag-frontend.jar"
SOURCE_HASH_ENTRY = "META-INF/source.sha256"
# What TorchServe 0.12 itself asks for.
_JAVA_RELEASE = "11"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def sources() -> list[Path]:
    """Return the Java sources, in the order of their names."""
    return sorted(FOLDER.glob("*.java"))


def source_hash() -> str:
    """Sha256 of the sources, names and contents, as they are now."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def built_hash() -> str:
    """Sha256 of the sources that the jar was built from."""
    with zipfile.ZipFile(JAR) as jar:
        return jar.read(SOURCE_HASH_ENTRY).decode()


@one_sentence_errors
def build() -> None:
    """Compile the sources against the installed TorchServe and pack the jar.

    Raises
    ------
    ServerUnavailable : if there is no javac or no TorchServe, or a source does not compile.
    """
    compiler, torchserve = shutil.which("javac"), importlib.util.find_spec("ts")
    if compiler is None or torchserve is None or torchserve.origin is None:
        raise ServerUnavailable("Building the frontend needs a javac (JDK >= 11) and TorchServe.")
    classpath = Path(torchserve.origin).parent / "frontend" / "*"
    with tempfile.TemporaryDirectory() as classes:
        # Its jar brings annotation processors of other projects.
        options = ["--release", _JAVA_RELEASE, "-Xlint:all", "-Werror", "-proc:none"]
        places = ["-cp", str(classpath), "-d", classes]
        command = [compiler, *options, *places, *map(str, sources())]
        if subprocess.run(command, check=False).returncode:
            raise ServerUnavailable(f"The sources do not compile; {JAR.name} is left as it was.")
        _pack({path.name: path.read_bytes() for path in sorted(Path(classes).glob("*.class"))})
    print(f"Built {JAR.name} from {len(sources())} sources.")


def _pack(classes: dict[str, bytes]) -> None:
    with zipfile.ZipFile(JAR, "w") as jar:
        for name, content in {**classes, SOURCE_HASH_ENTRY: source_hash().encode()}.items():
            # Fixed times: the same sources give the same jar.
            jar.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)


if __name__ == "__main__":
    run_command(build)
