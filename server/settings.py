"""serve_config/ -> the folder that one TorchServe process runs in."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hangtag.errors import SettingsInvalid
from hangtag.faults import first_fault
from server.memory import fit_java, usable_bytes
from server.ports import Ports, url

SERVE_CONFIG = Path(__file__).resolve().parents[1] / "serve_config"
PROPERTIES = "config.properties"
METRICS = "metrics.yaml"
LOGGING = "log4j2.xml"
_OWN = "hangtag."
_MAX_MS = 3_600_000


class FrontendSettings(BaseModel):
    """What server/frontend reads of config.properties, with its own defaults.

    `_ms` are milliseconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: _OWN + name)

    time_limit_ms: int = Field(10_000, ge=100, le=_MAX_MS)
    read_timeout_ms: int = Field(30_000, ge=100, le=_MAX_MS)
    idle_timeout_ms: int = Field(120_000, ge=100, le=_MAX_MS)
    body_budget_bytes: int = Field(268_435_456, gt=0)
    # TorchServe's key and its default.
    max_request_bytes: int = Field(6_553_500, gt=0, alias="max_request_size")

    @property
    def longest_request_s(self) -> float:
        """Seconds from a request's first byte to its answer, at most."""
        return (self.read_timeout_ms + self.time_limit_ms) / 1000


@dataclass(frozen=True)
class WrittenConfig:
    """What of the settings of one server those need who start and stop it."""

    jvm_arguments: list[str]
    frontend: FrontendSettings


def parse_frontend_settings(settings: Mapping[str, str]) -> FrontendSettings:
    """Return the front end's part of the settings.

    Raises
    ------
    SettingsInvalid : naming the key that is unknown, out of its range, or does not fit the others.
    """
    own = {
        key: value
        for key, value in settings.items()
        if key.startswith(_OWN) or key == "max_request_size"
    }
    try:
        frontend = FrontendSettings.model_validate(own)
    except ValidationError as error:
        fault = first_fault(error, FrontendSettings)
        raise SettingsInvalid(f"{PROPERTIES}: {fault.at()}.") from error
    # A quarter of the budget is kept for small bodies (BodyBudget.java).
    if frontend.max_request_bytes > frontend.body_budget_bytes // 4 * 3:
        raise SettingsInvalid(
            f"{PROPERTIES}: max_request_size is more than three quarters of "
            f"{_OWN}body_budget_bytes, so that the largest requests could never be taken."
        )
    return frontend


def read_properties(text: str) -> dict[str, str]:
    """Return the settings of a config.properties, one `key=value` a line.

    Raises
    ------
    SettingsInvalid : naming the line that is no setting.
    """
    settings = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise SettingsInvalid(f"{PROPERTIES}, line {number}: `{line}` is not `key=value`.")
        settings[key.strip()] = value.strip()
    return settings


def with_ports(settings: dict[str, str], ports: Ports) -> dict[str, str]:
    """Return the settings with one server's own addresses, relative to its run folder."""
    return {
        **settings,
        "inference_address": url(ports.inference, ports.host),
        "management_address": url(ports.management),
        "metrics_address": url(ports.metrics, ports.host),
        "metrics_config": METRICS,
    }


def write_config(run_folder: Path, ports: Ports, overrides: Mapping[str, str]) -> WrittenConfig:
    """Put the configuration of one server into its run folder.

    `overrides` are settings that come from elsewhere than config.properties. Java gets less memory
    than config.properties says where the machine, or the container, has less.

    Everything is named relative to that folder: TorchServe reads properties as Latin-1, and a
    path with other letters would not survive.

    Raises
    ------
    SettingsInvalid : if serve_config/ is missing, or config.properties cannot be read or has a
        `hangtag.` key that is wrong.
    """
    try:
        text = (SERVE_CONFIG / PROPERTIES).read_text(encoding="utf-8")
        for name in (METRICS, LOGGING):
            shutil.copyfile(SERVE_CONFIG / name, run_folder / name)
    except FileNotFoundError as error:
        raise SettingsInvalid(f"{error.filename} is missing; restore serve_config/.") from error
    settings = {**with_ports(read_properties(text), ports), **overrides}
    parse_frontend_settings(settings)
    settings = fit_java(settings, usable_bytes())
    lines = [f"{key}={value}\n" for key, value in settings.items()]
    (run_folder / PROPERTIES).write_text("".join(lines), encoding="utf-8")
    return WrittenConfig(
        jvm_arguments=settings.get("vmargs", "").split(),
        frontend=parse_frontend_settings(settings),
    )
