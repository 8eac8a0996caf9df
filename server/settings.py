"""serve_config/ -> the folder that one server runs in."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from hangtag.errors import SettingsInvalid
from server.memory import fit_java, usable_bytes
from server.ports import Ports, url
from service.settings import FILE as SERVICE
from service.settings import ServiceSettings, read_service_settings

SERVE_CONFIG = Path(__file__).resolve().parents[1] / "serve_config"
PROPERTIES = "config.properties"
LOGGING = "log4j2.xml"
METRICS = "metrics.yaml"
# In the run folder.
INFERENCE_SOCKET, METRICS_SOCKET = "inference.sock", "metrics.sock"
_MOVED = "hangtag."


def edge_settings() -> ServiceSettings:
    """Return the settings of the edge.

    Raises
    ------
    SettingsInvalid : if service.yaml is missing or wrong.
    """
    return read_service_settings(SERVE_CONFIG / SERVICE)


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


def with_addresses(settings: dict[str, str], ports: Ports, run_folder: Path) -> dict[str, str]:
    """Return the settings with one server's own addresses: the edge alone reaches its inference."""
    return {
        **settings,
        "inference_address": f"unix:{run_folder / INFERENCE_SOCKET}",
        "management_address": url(ports.management),
        "metrics_address": f"unix:{run_folder / METRICS_SOCKET}",
        "metrics_config": METRICS,
    }


def write_config(run_folder: Path, ports: Ports, overrides: Mapping[str, str]) -> list[str]:
    """Put TorchServe's configuration into its run folder; return the arguments of Java.

    `overrides` are settings that come from elsewhere than config.properties. Java gets less memory
    than config.properties says where the machine, or the container, has less.

    Raises
    ------
    SettingsInvalid : if serve_config/ is missing, or config.properties cannot be read or has a key
        of the edge's.
    """
    try:
        text = (SERVE_CONFIG / PROPERTIES).read_text(encoding="utf-8")
        for name in (LOGGING, METRICS):
            shutil.copyfile(SERVE_CONFIG / name, run_folder / name)
    except FileNotFoundError as error:
        raise SettingsInvalid(f"{error.filename} is missing; restore serve_config/.") from error
    settings = {**with_addresses(read_properties(text), ports, run_folder), **overrides}
    _refuse_moved(settings)
    settings = fit_java(settings, usable_bytes())
    lines = [f"{key}={value}\n" for key, value in settings.items()]
    (run_folder / PROPERTIES).write_text("".join(lines), encoding="utf-8")
    return settings.get("vmargs", "").split()


def _refuse_moved(settings: Mapping[str, str]) -> None:
    for key in settings:
        if key.startswith(_MOVED):
            raise SettingsInvalid(
                f"{PROPERTIES}: {key} is no setting of TorchServe; the edge's are in "
                f"serve_config/{SERVICE}, this one as {key.removeprefix(_MOVED)}."
            )
