"""deploy/proxy fits serve_config/, and its errors are the contract's."""

import json
import re

import pytest

from chaos.upgrades.proxy import CONFIGURATION
from loadtest.client.answer import Answer, breach_of_contract
from server.settings import edge_settings
from service.access_log import PLAIN_TEXT
from service.settings import ServiceSettings

NGINX = (CONFIGURATION / "nginx.conf").read_text(encoding="utf-8")
PROBLEMS = (CONFIGURATION / "problems.conf").read_text(encoding="utf-8")
ANSWERS = re.findall(r"return (\d+) '(\{.*\})';", PROBLEMS)


@pytest.fixture
def edge() -> ServiceSettings:
    return edge_settings()


def seconds(directive: str) -> set[int]:
    """The values of a directive in nginx.conf, in seconds."""
    found = {int(value) for value in re.findall(rf"^ *{directive} (\d+)s;", NGINX, re.MULTILINE)}
    assert found
    return found


def test_the_proxy_takes_what_the_server_takes(edge: ServiceSettings) -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(megabytes) * 2**20 == edge.max_request_bytes
    assert f"(with photos: {edge.max_request_bytes})" in PROBLEMS


def test_the_server_answers_before_the_proxy_gives_up(edge: ServiceSettings) -> None:
    assert min(seconds("proxy_read_timeout")) > edge.time_limit_ms / 1000


def test_a_request_is_not_sent_again_after_its_time(edge: ServiceSettings) -> None:
    assert max(seconds("proxy_next_upstream_timeout")) <= edge.time_limit_ms / 1000


def test_the_proxy_closes_idle_connections_first(edge: ServiceSettings) -> None:
    # Else it would send requests on connections that the server is closing.
    assert max(seconds("keepalive_timeout")) < edge.idle_timeout_ms / 1000


def test_both_take_the_same_request_ids() -> None:
    (pattern,) = re.findall(r'"~\^(.*)\$" \$http_x_request_id;', NGINX)
    assert pattern == PLAIN_TEXT.pattern


def test_callers_have_as_long_to_send_as_the_server_gives(edge: ServiceSettings) -> None:
    assert seconds("client_body_timeout") == {edge.read_timeout_ms // 1000}


@pytest.mark.parametrize(("status", "body"), ANSWERS, ids=[status for status, _ in ANSWERS])
def test_every_error_is_a_problem_document(status: str, body: str) -> None:
    headers = {"content-type": "application/problem+json"}
    assert breach_of_contract(Answer(int(status), headers, body.encode())) is None
    assert json.loads(body)["detail"].endswith(".")


def test_every_error_page_has_its_location() -> None:
    named = set(re.findall(r"error_page .* (\S+);", PROBLEMS))
    assert named == set(re.findall(r"location (?:= )?(\S+) \{", PROBLEMS))
    assert len(ANSWERS) == len(named)


def test_no_key_is_shipped() -> None:
    lines = (CONFIGURATION / "example" / "suppliers.map").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("#")] == []
