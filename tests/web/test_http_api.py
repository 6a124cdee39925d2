"""docs/http-api.md, word for word: every command is run against a listening server, and answers as the page says."""

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from starlette.routing import compile_path

from app.settings import ROOT
from tests.pictures import blobs, png, striped_files
from tests.web.conftest import LAYER, Listening

PAGE = (ROOT / "docs" / "http-api.md").read_text()
BLOCKS = re.findall(r"```(sh|json)\n(.*?)```", PAGE, re.DOTALL)
MARK = "=== the next command ===\n"
PROMISED = """
GET /.json
GET /models.json
GET /models/{slug}.json
GET /models/{slug}/{layer}.json
GET /models/{slug}/{layer}/{unit:int}.json
GET /models/{slug}/{layer}/units.csv
GET /models/{slug}/{layer}/{unit:int}/examples.csv
GET /search.json
GET /facets.json
POST /facets
GET /facets/{id}.json
GET /facets/{id}/events
POST /renders
GET /renders/{id}.json
GET /renders/{id}/events
GET /renders/{id}/picture.png
POST /renders/{id}/cancel
GET /looks.json
POST /looks
GET /looks/{id}.json
POST /findings
GET /findings/{id}.json
GET /findings/{id}/events
GET /healthz
GET /readyz
GET /metrics
GET /openapi.json
"""


class Ran(NamedTuple):
    """The folder that the commands were run in, and what each shell block printed."""

    folder: Path
    outputs: list[str]


@pytest.fixture(scope="module")
def ran(listening: Listening, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The page's commands, run as one script, so that an address found in one block is known in the next."""
    bash = shutil.which("bash")
    if not bash or not shutil.which("curl"):
        pytest.skip("the commands of the page need bash and curl: install the package curl")
    folder = tmp_path_factory.mktemp("shell")
    (folder / "photo.jpg").write_bytes(png(blobs(5)[0]))
    with zipfile.ZipFile(folder / "maps.zip", "w") as archive:
        for name, data in striped_files(12, start=600):
            archive.writestr(name, data)
    script = f"printf '{MARK}'\n".join(block for kind, block in BLOCKS if kind == "sh")
    for theirs, ours in {"http://127.0.0.1:8000": listening.url, "iconclip": "small", "layer4.1": LAYER}.items():
        assert theirs in script
        script = script.replace(theirs, ours)
    run = subprocess.run(
        [bash, "-euc", script], cwd=folder, capture_output=True, text=True, timeout=120, env={"PATH": "/usr/bin:/bin"}
    )
    assert run.returncode == 0, run.stderr
    return Ran(folder, run.stdout.split(MARK))


def test_every_answer_has_what_the_page_shows(ran: Ran) -> None:
    assert len(ran.outputs) == sum(kind == "sh" for kind, _ in BLOCKS) > 15
    printed = iter(ran.outputs)
    answer = ""
    shown = 0
    for kind, block in BLOCKS:
        if kind == "sh":
            answer = next(printed)
        else:
            compare(json.loads(block), json.loads(answer))
            shown += 1
    assert shown > 8


def compare(shown: Any, real: Any, place: str = "") -> None:
    """Whether an answer has the keys of the shortened one of the page, with values of the same kinds."""
    if shown is None or real is None:  # the page says in words what may be null
        return
    kinds = [float if type(each) is int else type(each) for each in (shown, real)]
    assert kinds[0] is kinds[1], f"{place}: {shown!r} is shown, {real!r} is answered"
    if isinstance(shown, dict):
        for key, value in shown.items():
            key = {"layer4.1": LAYER}.get(key, key)
            assert key in real, f"{place} has no {key}, only {', '.join(real)}"
            compare(value, real[key], f"{place}/{key}")
    if isinstance(shown, list) and shown:
        assert real, f"{place} is empty"
        compare(shown[0], real[0], f"{place}/0")


def test_every_promised_address_has_a_command_and_only_the_example_of_an_error_is_one(
    listening: Listening,
    ran: Ran,  # noqa: ARG001 - what was asked is known once it ran
) -> None:
    refused = [(path, status) for _, path, _, status in listening.asked if status >= 400]
    assert refused == [(f"/models/small/{LAYER}/99999.json", 404)]
    for promise in PROMISED.split("\n")[1:-1]:
        method, path = promise.split()
        pattern = compile_path(path)[0]
        assert any(each[0] == method and pattern.match(each[1]) for each in listening.asked), promise


def test_the_files_it_keeps_are_what_they_are_called(ran: Ran) -> None:
    for name, format in {"7.png": "PNG", "7.webp": "WEBP"}.items():
        with Image.open(ran.folder / name) as picture:
            assert (picture.format, picture.size) == (format, (64, 64))
    assert len((ran.folder / "units.csv").read_text().splitlines()) == 257
    assert "event: end\ndata: done" in (ran.folder / "events.txt").read_text()
