"""`hangtag monitoring-check`: promtool checks configuration and rules, and runs their tests."""

import subprocess
from pathlib import Path

import yaml
from rich.console import Console

from deploy.monitoring.programs import obtain_program
from hangtag.cli.console import one_sentence_errors
from hangtag.errors import SettingsInvalid

FOLDER = Path(__file__).resolve().parent
CONFIGURATION = FOLDER / "prometheus.yml"


def rule_files() -> list[Path]:
    """Return the files with recording rules and alerts."""
    return sorted((FOLDER / "rules").glob("*.yaml"))


def test_files() -> list[Path]:
    """Return the files with promtool's tests of them."""
    return sorted((FOLDER / "tests").glob("*.yaml"))


@one_sentence_errors
def check() -> None:
    """Check the rules with promtool and run their tests; promtool is fetched if it is missing."""
    promtool = obtain_program("promtool")
    with Console(stderr=True).status("Testing the rules …"):
        # Looks through the rule files, too.
        _promtool(promtool, "check", "config", CONFIGURATION)
        _promtool(promtool, "test", "rules", *test_files())
    print(
        f"The rules of {len(rule_files())} files are sound, and {_tests()} tests of them hold: "
        f"{FOLDER / 'rules'}"
    )


def _promtool(promtool: Path, *arguments: str | Path) -> None:
    done = subprocess.run(
        [promtool, *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=FOLDER,
    )
    if done.returncode:
        raise SettingsInvalid(f"promtool refuses the rules:\n{done.stdout}{done.stderr}".strip())


def _tests() -> int:
    return sum(len(yaml.safe_load(file.read_text("utf-8"))["tests"]) for file in test_files())
