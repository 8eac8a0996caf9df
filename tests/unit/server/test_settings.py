"""serve_config/ as a server gets it, and that what the parts of it promise fits together."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from hangtag.errors import SettingsInvalid
from hangtag.images.limits import ImageLimits
from hangtag.settings import parse_settings
from server import settings as server_settings
from server.frontend.build import FOLDER as FRONTEND
from server.ports import Ports
from server.settings import (
    SERVE_CONFIG,
    parse_frontend_settings,
    read_properties,
    with_ports,
    write_config,
)


@pytest.fixture
def shipped() -> dict[str, str]:
    return read_properties((SERVE_CONFIG / "config.properties").read_text(encoding="utf-8"))


def test_properties_skip_comments_and_keep_equals_signs() -> None:
    text = "# a comment = none\n\nkey=value\n vmargs = -Da=b -Dc=d \n"
    assert read_properties(text) == {"key": "value", "vmargs": "-Da=b -Dc=d"}


def test_a_line_that_is_no_setting_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"line 2: `nonsense` is not `key=value`"):
        read_properties("a=b\nnonsense\n")


def test_a_server_gets_its_own_addresses() -> None:
    settings = with_ports({"inference_address": "http://0.0.0.0:80", "other": "kept"}, Ports(9000))
    assert settings["inference_address"] == "http://127.0.0.1:9000"
    assert settings["management_address"] == "http://127.0.0.1:9001"
    assert settings["metrics_address"] == "http://127.0.0.1:9002"
    assert settings["other"] == "kept"


def test_management_stays_on_loopback_wherever_the_api_is() -> None:
    settings = with_ports({}, Ports(9000, host="0.0.0.0"))  # noqa: S104
    assert settings["inference_address"] == "http://0.0.0.0:9000"
    assert settings["management_address"] == "http://127.0.0.1:9001"
    assert settings["metrics_address"] == "http://0.0.0.0:9002"


def test_java_gets_what_the_container_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "usable_bytes", lambda: 2 << 30)
    written = write_config(tmp_path, Ports(9000), {"models": "{}"})
    settings = read_properties((tmp_path / "config.properties").read_text(encoding="utf-8"))
    assert "-Xmx512m" in written.jvm_arguments
    assert int(settings["hangtag.body_budget_bytes"]) == written.frontend.body_budget_bytes


def test_the_longest_request_is_read_and_answered_as_slowly_as_allowed(
    shipped: dict[str, str],
) -> None:
    assert parse_frontend_settings(shipped).longest_request_s == 40


def test_the_run_folder_holds_all_that_the_settings_name(tmp_path: Path) -> None:
    arguments = write_config(tmp_path, Ports(9000), {"models": "{}"}).jvm_arguments
    settings = read_properties((tmp_path / "config.properties").read_text(encoding="utf-8"))
    assert (tmp_path / settings["metrics_config"]).is_file()
    assert (tmp_path / "log4j2.xml").is_file()
    assert " ".join(arguments) == settings["vmargs"]


def test_a_missing_serve_config_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "SERVE_CONFIG", tmp_path / "gone")
    with pytest.raises(SettingsInvalid, match=r"gone/config\.properties is missing"):
        write_config(tmp_path, Ports(9000), {"models": "{}"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "hangtag.time_limit",
            "1",
            "hangtag.time_limit is unknown; did you mean 'hangtag.time_limit_ms'",
        ),
        (
            "hangtag.time_limit_ms",
            "soon",
            "hangtag.time_limit_ms must be a whole number, and is 'soon'",
        ),
        ("hangtag.time_limit_ms", "99", "hangtag.time_limit_ms must be at least 100, and is '99'"),
        ("hangtag.read_timeout_ms", "3600001", "hangtag.read_timeout_ms must be at most 3,600,000"),
        ("hangtag.body_budget_bytes", "0", "hangtag.body_budget_bytes must be more than 0"),
        ("hangtag.body_budget_bytes", "67108864", "max_request_size is more than three quarters"),
        ("max_request_size", "x", "max_request_size must be a whole number, and is 'x'"),
    ],
)
def test_a_wrong_setting_of_the_front_end_is_named(
    shipped: dict[str, str], key: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        parse_frontend_settings({**shipped, key: value})


def test_no_server_starts_with_a_wrong_setting_of_the_front_end(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"hangtag\.limit is unknown"):
        write_config(tmp_path, Ports(9000), {"models": "{}", "hangtag.limit": "1"})


def test_the_front_end_reads_the_shipped_settings_and_has_the_same_defaults(
    shipped: dict[str, str],
) -> None:
    java = (FRONTEND / "FrontendSettings.java").read_text("utf-8")
    defaults = re.findall(r'read\(properties, unknown, "(\w+)", ([\d_]+)\)', java)
    keys = {f"hangtag.{name}": int(value.replace("_", "")) for name, value in defaults}
    own = {key: int(value) for key, value in shipped.items() if key.startswith("hangtag.")}
    assert own == keys
    assert parse_frontend_settings({}).model_dump(exclude={"max_request_bytes"}) == {
        key.removeprefix("hangtag."): value for key, value in keys.items()
    }


def test_the_heap_has_room_for_the_bodies(shipped: dict[str, str]) -> None:
    found = re.search(r"-Xmx(\d+)g", shipped["vmargs"])
    assert found is not None
    assert int(found[1]) << 30 >= 3 * parse_frontend_settings(shipped).body_budget_bytes


def test_shipped_addresses_are_loopback(shipped: dict[str, str]) -> None:
    addresses = {key: value for key, value in shipped.items() if key.endswith("_address")}
    assert len(addresses) == 5
    assert all("127.0.0.1" in value for value in addresses.values())


def test_the_handler_sees_too_large_photos_before_torchserve_refuses_them(
    shipped: dict[str, str],
) -> None:
    model_config = yaml.safe_load((SERVE_CONFIG / "model-config.yaml").read_text("utf-8"))
    limits = parse_settings(model_config["hangtag"])
    assert int(shipped["max_request_size"]) > limits.max_image_bytes * 4 / 3
    # Those of a photo are left to the bundle.
    assert not limits.model_fields_set & ImageLimits.model_fields.keys()


def test_every_metric_is_declared_once_with_unit_and_dimensions() -> None:
    metrics = yaml.safe_load((SERVE_CONFIG / "metrics.yaml").read_text("utf-8"))
    kinds = [*metrics["ts_metrics"].values(), *metrics["model_metrics"].values()]
    declared = [metric for kind in kinds for metric in kind]
    assert all(metric["unit"] and metric["dimensions"] for metric in declared)
    names = [metric["name"] for metric in declared]
    assert len(names) == len(set(names))


def test_metrics_and_batches_do_not_fill_the_logs() -> None:
    loggers = ET.parse(SERVE_CONFIG / "log4j2.xml").getroot().iter("Logger")  # noqa: S314
    levels = {
        logger.attrib["name"].rpartition(".")[2]: logger.attrib["level"] for logger in loggers
    }
    assert levels["WorkerLifeCycle"] == "warn"
    assert levels["BatchAggregator"] == "warn"
