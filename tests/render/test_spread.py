"""A gallery whose batches are rendered by the workers of a real Ray cluster on this machine."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.clip import registry
from app.clip.cluster import check_workers
from app.errors import BadInput
from app.render.gallery import is_rendered, render_layer
from app.settings import ROOT
from tests.tiny import tiny_hub_folder

LAYER = "layer2.0"
DEADLINE_S = 240


@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: uv sync --group ray")
def test_workers_render_the_same_gallery_even_where_one_is_killed(tmp_path: Path) -> None:
    slug = f"small@{tiny_hub_folder(tmp_path / 'model')}"
    out = tmp_path / "out" / LAYER
    words = ["gallery", "render", "--model", slug, "--layer", LAYER, "--out", str(out.parent)]
    environment = os.environ | {"FACETSCOPE_DATA": str(tmp_path / "data"), "FACETSCOPE_DEVICE": "cpu"}
    with subprocess.Popen(
        [sys.executable, "-m", "app", *words, "--engine", "ray", "--workers", "2"],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        end = time.monotonic() + DEADLINE_S
        while not (found := workers(process.pid)):
            assert process.poll() is None and time.monotonic() < end, process.communicate()[1]
            time.sleep(0.02)
        os.kill(found[0], signal.SIGKILL)
        _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said
    clip = registry.load(registry.entry(slug), tmp_path, "cpu", offline=True)
    render_layer(clip, LAYER, None, tmp_path / "here.zip", preset="preview")
    assert (out / "any.zip").read_bytes() == (tmp_path / "here.zip").read_bytes()
    assert is_rendered(clip, LAYER, None, out / "any.zip", "preview")
    assert not is_rendered(clip, LAYER, None, out / "any.zip", "standard")


def workers(driver: int) -> list[int]:
    """The processes that are at work on a task of ours, below the one that gives them out."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            at_work = (place / "cmdline").read_bytes().startswith(b"ray::_work")
        except OSError:
            continue
        if at_work and driver in ancestors(int(place.name)):
            found.append(int(place.name))
    return found


def ancestors(process: int) -> list[int]:
    above = []
    while process > 1:
        try:
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
        above.append(process)
    return above


def test_a_number_of_workers_needs_a_cluster() -> None:
    with pytest.raises(BadInput, match="at least 1, with --engine ray"):
        check_workers("local", 2)
    check_workers("local", None)
