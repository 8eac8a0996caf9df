"""Whether there is a server to load."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hangtag.errors import ServerUnavailable, SettingsInvalid
from loadtest import capacity
from loadtest.target_server import require_server, server_address
from tests.unit.serving import serving


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """Serve one status on any path; yield the address, and the paths that were asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    asked: list[str] = []
    with serving(Handler) as host:
        yield host, asked


@pytest.fixture
def nobody() -> str:
    """An address that nobody listens on."""
    with answering(200) as (host, _):
        pass
    return host


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_may_keep_its_ping_to_itself(status: int) -> None:
    with answering(status) as (host, asked):
        require_server(server_address(f"{host}/"))
    assert asked == ["/ping"]


def test_a_server_that_is_not_ready_is_not_loaded() -> None:
    with answering(503) as (host, _), pytest.raises(ServerUnavailable, match="503"):
        require_server(host)


def test_nothing_is_sent_where_no_server_is(nobody: str, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(capacity.main)
    output = tmp_path / "capacity.json"
    result = CliRunner().invoke(app, ["--host", nobody, "--output", str(output)])
    assert result.exit_code == 1
    assert f"No server answers at {nobody} (" in result.output
    assert not output.exists()


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080//", "http://127.0.0.1:8080"),
        ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" localhost:8080 ", "http://localhost:8080"),
        ("10.0.0.5", "http://10.0.0.5"),
        ("http://127.0.0.1:8080/predictions/tagger/", "http://127.0.0.1:8080"),
        ("https://shop.example/tagger/", "https://shop.example/tagger"),
        ("[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_read_as_people_write_it(written: str, address: str) -> None:
    assert server_address(written) == address


@pytest.mark.parametrize(
    "written",
    ["", "/", "http://", "ftp://10.0.0.5", "http:/10.0.0.5", "10.0.0.5:port", "10.0.0.5:99999",
     "10.0.0.5:0", "http://me@10.0.0.5", "http://[::1", "10.0.0.5?x=1", "10.0.0.5 8080", "8080:x"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(written: str) -> None:
    with pytest.raises(SettingsInvalid, match="is no address such as"):
        server_address(written)
