"""The device fails: the process ends with a code of its own, and what ran is resumed by the next."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient

from app.render.faults import is_fault, is_shortage
from app.settings import ROOT, Settings
from app.store import Store
from app.web.app import create_app
from tests.browser.server import free_port

FAILING = """
import sys, threading, time
import torch
from app.cli.serving import run
from app.settings import Settings
from app.spec import RenderSpec
from app.web.app import create_app

settings = Settings.model_validate_json(sys.argv[1])
where, app = sys.argv[2], create_app(settings)

def fail(*_):
    # a pass through the model takes gradients, the score of a frame takes none
    if torch.is_grad_enabled() == (where == "pass") or where == "call":
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

def begin():
    while not hasattr(app.state, "microscope"):
        time.sleep(0.01)
    microscope = app.state.microscope
    while not microscope.residents.find("tiny"):
        time.sleep(0.01)
    spec = RenderSpec(model="tiny", layer="layer4.0", unit=3, size=32, steps=120)
    ids = [microscope.render_desk.start(RenderSpec.model_validate({**spec.model_dump(), "unit": unit}))[0] for unit in (3, 4)]
    while any(microscope.store.render(each).step < 8 for each in ids):
        time.sleep(0.01)
    if where == "call":
        microscope.worker.post(fail)
    else:
        microscope.residents.clip("tiny").module.visual.layer1[0].register_forward_hook(fail)

threading.Thread(target=begin, daemon=True).start()
sys.exit(run(app, settings))
"""


@pytest.mark.parametrize("where", ["pass", "score", "call"])
def test_a_failed_device_ends_the_server_and_the_next_one_resumes(
    tiny_folder: Path, tmp_path: Path, where: str
) -> None:
    settings = Settings(models=(f"tiny@{tiny_folder}",), data=tmp_path / "data", device="cpu", port=free_port())
    ended = subprocess.run(
        [sys.executable, "-c", FAILING, settings.model_dump_json(), where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == 70, ended.stderr
    assert "the device failed" in ended.stderr and "Application shutdown complete" in ended.stderr
    store = Store(settings.data, settings.database)
    assert [row.status for row in store.unfinished_renders()] == ["running", "running"]
    ids = [row.id for row in store.unfinished_renders()]
    store.close()
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + 240
        while [client.get(f"/renders/{each}.json").json()["status"] for each in ids] != ["done", "done"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_signal_ends_the_server_as_before_and_its_log_holds_no_key(tiny_folder: Path, tmp_path: Path) -> None:
    settings = Settings(models=(f"tiny@{tiny_folder}",), data=tmp_path / "data", device="cpu", port=free_port())
    script = "import sys; from app.cli.serving import run; from app.settings import Settings; from app.web.app import create_app;"
    script += "settings = Settings.model_validate_json(sys.argv[1]); sys.exit(run(create_app(settings), settings))"
    process = subprocess.Popen(
        [sys.executable, "-c", script, settings.model_dump_json()],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Uvicorn running" in line:
            break
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/lists/abc/edit?key=SECRET", timeout=30)
    process.terminate()
    logged, said = process.communicate(timeout=120)
    assert process.returncode == -15 and "the device failed" not in said
    assert "/lists/abc/edit" in logged and "SECRET" not in logged + said


FAULTS = [
    torch.AcceleratorError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
]
SHORTAGES = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    torch.AcceleratorError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]
OTHERS = [
    RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
    RuntimeError(
        "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a non-contiguous input."
    ),
    ValueError("CUDA error"),
    RuntimeError("out of memory"),
]


@pytest.mark.parametrize(
    ("errors", "fault", "shortage"), [(FAULTS, True, False), (SHORTAGES, False, True), (OTHERS, False, False)]
)
def test_faults_shortages_and_the_rest_are_told_apart(errors: list[Exception], fault: bool, shortage: bool) -> None:
    for error in errors:
        assert (is_fault(error), is_shortage(error)) == (fault, shortage), error
