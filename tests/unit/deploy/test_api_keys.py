"""The nginx that says which supplier a key belongs to, run for real."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from deploy.check.command import OVERLAYS

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = OVERLAYS.parent / "api-keys" / "nginx.conf"
START_TIMEOUT_S = 10.0

pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx; `apt install nginx`")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "suppliers.map").write_text('"key-of-acme" acme;\n"key-of-bolt" bolt;\n')
    text = CONFIGURATION.read_text(encoding="utf-8")
    for there, here in (
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        (" /tmp/", f" {folder}/"),
        ("/etc/hangtag/api-keys", str(folder)),
    ):
        assert there in text
        text = text.replace(there, here)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [str(NGINX), "-e", "stderr", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    with subprocess.Popen(command) as nginx:
        try:
            _await(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()


@pytest.mark.parametrize("supplier", ["acme", "bolt"])
def test_a_key_names_its_supplier(address: str, supplier: str) -> None:
    # A caller's own claim does not count.
    headers = {"X-Api-Key": f"key-of-{supplier}", "X-Supplier": "someone"}
    answer = httpx.get(f"{address}/check", headers=headers)
    assert (answer.status_code, answer.headers["X-Supplier"]) == (204, supplier)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": ""},
        {"X-Api-Key": "wrong"},
        {"X-Api-Key": "default"},
        {"X-Supplier": "acme"},
    ],
)
def test_without_a_known_key_there_is_no_way_in(address: str, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{address}/check", headers=headers)
    assert answer.status_code == 401
    assert "X-Supplier" not in answer.headers


def test_probes_need_no_key(address: str) -> None:
    assert httpx.get(f"{address}/ping").status_code == 204


def _await(port: int) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nginx does not listen on port {port}")
