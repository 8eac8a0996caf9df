"""`hangtag fetch`: the right archive, or the one that was there before."""

import functools
import hashlib
import json
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from hangtag.cli.app import app
from server.archive import MANIFEST
from server.fetch import without_secrets
from tests.unit.serving import serving


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "bucket" / "tagger-1.0.mar"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as files:
        files.writestr(MANIFEST, json.dumps({"model": {"modelVersion": "1.0"}}))
        files.writestr("weights", b"w" * 3_000_000)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tagger.mar"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass

    def translate_path(self, path: str) -> str:
        # A proxy is asked for whole addresses.
        return super().translate_path(urlsplit(path).path)

    def do_GET(self) -> None:
        if self.path.startswith("/forbidden"):
            self.send_error(403)
        elif self.path.startswith("/cut-off"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
        else:
            super().do_GET()


@pytest.fixture
def store(archive: Path) -> Iterator[str]:
    """The address of an HTTP server that has the archive."""
    handler = functools.partial(_Quiet, directory=str(archive.parent.parent))
    with serving(handler) as address:
        yield address


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(source: str, digest: str, target: Path) -> Result:
    options = ["--source", source, "--sha256", digest, "--to", str(target)]
    return CliRunner().invoke(app, ["fetch", *options])


def assert_refused(result: Result, said: str) -> None:
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_from_a_path(archive: Path, target: Path, prefix: str) -> None:
    result = fetch(f"{prefix}{archive}", sha256(archive), target)
    assert result.exit_code == 0, result.stderr
    assert target.read_bytes() == archive.read_bytes()
    assert f"as {target} (3.0 MB" in result.stdout
    assert list(target.parent.iterdir()) == [target]


def test_over_http(archive: Path, store: str, target: Path) -> None:
    result = fetch(f"{store}/bucket/{archive.name}", sha256(archive).upper(), target)
    assert result.exit_code == 0, result.stderr
    assert target.read_bytes() == archive.read_bytes()


def test_by_way_of_a_proxy(
    archive: Path, store: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", store)
    result = fetch(f"http://archives.invalid/bucket/{archive.name}", sha256(archive), target)
    assert result.exit_code == 0, result.stderr
    assert target.read_bytes() == archive.read_bytes()


def test_from_s3(archive: Path, target: Path, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    # Reading from S3 is GET and HEAD of /bucket/key, which any web server answers.
    monkeypatch.setenv("AWS_ENDPOINT_URL", store)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    result = fetch(f"s3://bucket/{archive.name}", sha256(archive), target)
    assert result.exit_code == 0, result.stderr
    assert target.read_bytes() == archive.read_bytes()
    assert_refused(fetch("s3://bucket/no.mar", "0" * 64, target), "cannot be read (FileNotFound")


def test_what_is_there_already_is_not_fetched(archive: Path, target: Path) -> None:
    digest = sha256(archive)
    assert fetch(str(archive), digest, target).exit_code == 0
    archive.unlink()
    result = fetch(str(archive), digest, target)
    assert (result.exit_code, result.stdout) == (
        0,
        f"{target} is already the archive that is asked for.\n",
    )


def test_another_archive_is_refused_and_the_old_one_stays(archive: Path, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"the old one")
    result = fetch(str(archive), "0" * 64, target)
    assert_refused(result, f"has the sha256 {sha256(archive)} and not {'0' * 64}")
    assert target.read_bytes() == b"the old one"
    assert list(target.parent.iterdir()) == [target]


def test_what_is_no_archive_is_refused(tmp_path: Path, target: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Sign in</h1>")
    assert_refused(fetch(str(page), sha256(page), target), "is not an archive")
    assert not target.exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/no.mar", "cannot be read (FileNotFoundError)"),
        ("/forbidden.mar", "cannot be read (ClientResponseError: status 403)"),
        ("/cut-off.mar", "cannot be read (ClientPayloadError)"),
    ],
)
def test_what_the_server_does_not_give(store: str, target: Path, path: str, said: str) -> None:
    result = fetch(f"{store}{path}?token=hidden", "0" * 64, target)
    assert_refused(result, said)
    assert "hidden" not in result.stderr
    assert not target.exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("/not/there.mar", "cannot be read (FileNotFoundError)"),
        ("http://127.0.0.1:9/tagger.mar", "cannot be read (ClientConnectorError"),
        ("carrier-pigeon://tagger.mar", "cannot be read (ValueError)"),
    ],
)
def test_sources_that_cannot_be_reached(target: Path, source: str, said: str) -> None:
    assert_refused(fetch(source, "0" * 64, target), said)


def test_a_sha256_that_is_none(archive: Path, target: Path) -> None:
    assert_refused(fetch(str(archive), "latest", target), "--sha256 'latest' is no sha256")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://me:word@host:8443/a.mar?signature=1#part", "https://host:8443/a.mar"),
        ("s3://bucket/a.mar", "s3://bucket/a.mar"),
        ("models/a.mar", "models/a.mar"),
    ],
)
def test_secrets_are_not_shown(source: str, shown: str) -> None:
    assert without_secrets(source) == shown
