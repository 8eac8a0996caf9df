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
from server.ports import Ports
from server.settings import (
    SERVE_CONFIG,
    edge_settings,
    read_properties,
    with_addresses,
    write_config,
)
from service.settings import ServiceSettings, parse_service_settings


@pytest.fixture
def shipped() -> dict[str, str]:
    return read_properties((SERVE_CONFIG / "config.properties").read_text(encoding="utf-8"))


def test_properties_skip_comments_and_keep_equals_signs() -> None:
    text = "# a comment = none\n\nkey=value\n vmargs = -Da=b -Dc=d \n"
    assert read_properties(text) == {"key": "value", "vmargs": "-Da=b -Dc=d"}


def test_a_line_that_is_no_setting_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"line 2: `nonsense` is not `key=value`"):
        read_properties("a=b\nnonsense\n")


def test_torchserve_is_reached_by_the_edge_and_over_loopback_alone() -> None:
    settings = with_addresses(
        {"inference_address": "http://0.0.0.0:80", "other": "kept"},
        Ports(9000, host="0.0.0.0"),  # noqa: S104
        Path("/run"),
    )
    assert settings["inference_address"] == "unix:/run/inference.sock"
    assert settings["metrics_address"] == "unix:/run/metrics.sock"
    assert settings["management_address"] == "http://127.0.0.1:9001"
    assert settings["other"] == "kept"


def test_java_gets_what_the_container_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "usable_bytes", lambda: 2 << 30)
    assert "-Xmx512m" in write_config(tmp_path, Ports(9000), {"models": "{}"})


def test_the_longest_request_is_read_and_answered_as_slowly_as_allowed() -> None:
    assert edge_settings().longest_request_s == 40


def test_the_run_folder_holds_all_that_the_settings_name(tmp_path: Path) -> None:
    arguments = write_config(tmp_path, Ports(9000), {"models": "{}"})
    settings = read_properties((tmp_path / "config.properties").read_text(encoding="utf-8"))
    assert (tmp_path / "log4j2.xml").is_file()
    assert (tmp_path / settings["metrics_config"]).is_file()
    assert " ".join(arguments) == settings["vmargs"]


def test_a_missing_serve_config_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "SERVE_CONFIG", tmp_path / "gone")
    with pytest.raises(SettingsInvalid, match=r"gone/config\.properties is missing"):
        write_config(tmp_path, Ports(9000), {"models": "{}"})


def test_a_missing_service_yaml_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_settings, "SERVE_CONFIG", tmp_path)
    with pytest.raises(SettingsInvalid, match=r"service\.yaml is missing; restore serve_config/"):
        edge_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time_limit: 1", "time_limit is unknown; did you mean 'time_limit_ms'"),
        ("time_limit_ms: soon", "time_limit_ms must be a whole number, and is 'soon'"),
        ("time_limit_ms: 99", "time_limit_ms must be at least 100, and is 99"),
        ("read_timeout_ms: 3600001", "read_timeout_ms must be at most 3,600,000"),
        ("body_budget_bytes: 0", "body_budget_bytes must be more than 0"),
        ("body_budget_bytes: 67108864", "max_request_bytes is more than three quarters"),
        ("max_request_bytes: x", "max_request_bytes must be a whole number, and is 'x'"),
        ("- 1", "the file"),
        ("{", "service.yaml is no YAML"),
    ],
)
def test_a_wrong_setting_of_the_edge_is_named(text: str, said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        parse_service_settings(text)


def test_the_edge_has_the_shipped_settings_as_its_defaults() -> None:
    text = (SERVE_CONFIG / "service.yaml").read_text(encoding="utf-8")
    assert edge_settings() == ServiceSettings() == parse_service_settings("")
    assert yaml.safe_load(text).keys() == ServiceSettings.model_fields.keys()


def test_a_setting_of_the_edge_in_the_wrong_file_is_sent_to_the_right_one(tmp_path: Path) -> None:
    moved = {"models": "{}", "hangtag.time_limit_ms": "1"}
    with pytest.raises(SettingsInvalid, match=r"in serve_config/service\.yaml, this one as time_l"):
        write_config(tmp_path, Ports(9000), moved)


def test_the_heap_has_room_for_the_bodies(shipped: dict[str, str]) -> None:
    found = re.search(r"-Xmx(\d+)g", shipped["vmargs"])
    assert found is not None
    assert int(found[1]) << 30 >= 3 * edge_settings().body_budget_bytes


def test_shipped_addresses_are_loopback(shipped: dict[str, str]) -> None:
    addresses = {key: value for key, value in shipped.items() if key.endswith("_address")}
    assert len(addresses) == 5
    assert all("127.0.0.1" in value for value in addresses.values())


def test_the_handler_sees_too_large_photos_before_torchserve_refuses_them(
    shipped: dict[str, str],
) -> None:
    model_config = yaml.safe_load((SERVE_CONFIG / "model-config.yaml").read_text("utf-8"))
    limits = parse_settings(model_config["hangtag"])
    assert int(shipped["max_request_size"]) == edge_settings().max_request_bytes
    assert edge_settings().max_request_bytes > limits.max_image_bytes * 4 / 3
    # Those of a photo are left to the bundle.
    assert not limits.model_fields_set & ImageLimits.model_fields.keys()


def test_metrics_and_batches_do_not_fill_the_logs() -> None:
    loggers = ET.parse(SERVE_CONFIG / "log4j2.xml").getroot().iter("Logger")  # noqa: S314
    levels = {
        logger.attrib["name"].rpartition(".")[2]: logger.attrib["level"] for logger in loggers
    }
    assert levels["WorkerLifeCycle"] == "warn"
    assert levels["BatchAggregator"] == "warn"
    assert levels["TS_METRICS"] == levels["MODEL_METRICS"] == levels["ACCESS_LOG"] == "off"


def test_nothing_goes_to_a_console_that_nobody_rotates() -> None:
    appenders = ET.parse(SERVE_CONFIG / "log4j2.xml").getroot().find("Appenders")  # noqa: S314
    assert appenders is not None
    assert {each.tag for each in appenders} == {"RollingFile"}
