"""What calls home is switched off before anything of ours can import it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from hangtag.bundle import MODEL, Bundle
from tests.network_watch import NetworkWatch
from tests.unit.test_architecture import PROJECT

LOADS_AN_ENGINE = """
import sys
from pathlib import Path
{import_first}
from hangtag.engine import load_engine
from hangtag.engine.onnxruntime_engine import CPU_STEPS, OnnxRuntimeEngine, choose_device, providers
model = Path(sys.argv[1])
load_engine({{"fp32": model}})
OnnxRuntimeEngine(
    model, choose_device(providers(), None, "fp32", Path()), precision="fp32", threads=1
)
print(any(name.startswith("openvino_telemetry") and module for name, module in sys.modules.items()))
"""
TO_A_TEST_NETWORK = (
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
)
TO_LOOPBACK = (
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))"
)


def watched(watch: NetworkWatch, program: str, *arguments: str) -> str:
    command = [*watch.prefix, sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=watch.environment, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "import_first", ["", "import training.export.quantization", "import bench.tune"]
)
def test_engines_call_nobody_and_leave_nothing_in_the_home_folder(
    import_first: str, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    watch = NetworkWatch(tmp_path)
    model = str(tiny_bundle.folder / MODEL)
    program = LOADS_AN_ENGINE.format(import_first=import_first)
    assert watched(watch, program, model).endswith("False\n")
    assert watch.left_at_home() == []
    assert watch.calls() == []


def test_the_watch_sees_what_it_looks_for(tmp_path: Path) -> None:
    watch = NetworkWatch(tmp_path)
    watched(watch, TO_LOOPBACK)
    assert watch.calls() == []
    watched(watch, TO_A_TEST_NETWORK)
    (call,) = watch.calls()
    assert "192.0.2.1" in call


@pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="there is no OpenVINO for this machine"
)
def test_a_worker_with_an_older_archive_does_not_find_what_calls_home(tmp_path: Path) -> None:
    watch = NetworkWatch(tmp_path)
    watch.environment["PYTHONPATH"] = str(PROJECT / "server" / "worker_path")
    program = "import openvino; print(openvino.convert_model.__name__)"
    assert watched(watch, program) == "convert_model\n"
    assert watch.left_at_home() == []
    assert watch.calls() == []
