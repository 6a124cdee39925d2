"""From pictures on disk to a unit's page: a folder, tar shards and a data set in Parquet, each by one command."""

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from app.cli import main
from tests.browser.server import Server
from tests.pictures import blobs, png, write_tar

PICTURES = 40
PHOTOS = Path(__file__).parents[2].parent / "shared" / "photos"


def folder(place: Path) -> str:
    """Photographs where they are at hand, else drawn pictures."""
    place.mkdir()
    photos = sorted(PHOTOS.glob("*.jpg"))[:PICTURES]
    for photo in photos:
        shutil.copy(photo, place)
    for number in range(PICTURES - len(photos)):
        blobs(number)[0].convert("RGB").save(place / f"{number}.jpg")
    return str(place)


def shards(place: Path) -> str:
    for shard in range(2):
        numbers = range(shard, PICTURES, 2)
        write_tar(place / f"train-{shard}.tar", [(f"{number:04d}.png", png(blobs(number)[0])) for number in numbers])
    return str(place / "train-*.tar")


def data_set(place: Path) -> str:
    (place / "data").mkdir(parents=True)
    files = []
    for number in range(PICTURES):
        buffer = io.BytesIO()
        blobs(number)[0].save(buffer, "WEBP")
        files.append({"bytes": buffer.getvalue(), "path": f"{number}.webp"})
    table = pa.table({"image": files, "label": [blobs(number)[1] for number in range(PICTURES)]})
    pq.write_table(table, place / "data" / "train-00000-of-00001.parquet")
    return f"hf:{place}:train"


@pytest.fixture
def data(furnished_site: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of a server that is running; what a test builds there is removed again."""
    monkeypatch.setenv("FACETSCOPE_DATA", str(furnished_site.data))
    monkeypatch.setenv("FACETSCOPE_DEVICE", "cpu")
    yield furnished_site.data
    for place in (furnished_site.data / "indexes").glob("from-*"):
        shutil.rmtree(place)


@pytest.mark.parametrize("kind", [folder, shards, data_set])
def test_pictures_become_a_page_by_one_command(
    furnished_site: Server,
    data: Path,
    page: Page,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[Path], str],
) -> None:
    name = f"from-{kind.__name__}"
    words = ["--model", furnished_site.model, "--images", kind(tmp_path / "pictures"), "--name", name]
    monkeypatch.setattr(sys, "argv", ["app", "index", "build", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code and (data / "indexes" / name / "manifest.json").is_file()
    page.goto(f"{furnished_site.url}/models/small/layer4.0/7?corpus={name}")
    random = page.get_by_role("link", name="random", exact=True)
    expect(random).to_have_attribute("href", f"/models/small/layer4.0/random?corpus={name}")
    shots = page.locator("section[aria-labelledby=strongest] a.shot img")
    expect(shots.first).to_be_visible()
    assert shots.count() >= 8
    page.wait_for_function(
        "[...document.querySelectorAll('a.shot img[loading=lazy]')].every(i => i.scrollIntoView() || 1)"
    )
    for number in range(shots.count()):
        expect(shots.nth(number)).to_have_js_property("complete", True)
        assert shots.nth(number).evaluate("image => image.naturalWidth") > 0
    shots.first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
