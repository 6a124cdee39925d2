"""Exported indexes are served where they lie, and nothing is written to them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clip import registry
from app.corpus.build import build
from app.corpus.column_writer import making
from app.corpus.index import Index
from app.corpus.portable import export
from app.corpus.sources import open_source
from app.errors import BadInput
from app.microscope import Microscope
from app.microscope.mounts import check_served
from app.settings import Settings
from tests.microscope.conftest import wait_for
from tests.pictures import blobs
from tests.tiny import tiny_hub_folder

LAYER = "layer4.0"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model `small`, and the folders `whole`, with columns, and `bare`: exported indexes of thirty pictures."""
    place = tmp_path_factory.mktemp("mounts")
    slug = f"small@{tiny_hub_folder(place / 'small')}"
    clip = registry.load(registry.entry(slug), place, "cpu", offline=True)
    (place / "pictures").mkdir()
    for number in range(30):
        blobs(number)[0].save(place / "pictures" / f"{number}.png")
    for name in ("bare", "whole"):
        build(clip, open_source(str(place / "pictures")), name, [LAYER], place / "built" / name)
        index = Index.open(place / "built" / name)
        if name == "whole":
            list(making(clip, index))
        export(index, place / name)
    return place


def settings(place: Path, data: Path, *names: str) -> Settings:
    return Settings(
        models=(f"small@{place / 'small'}",), data=data, device="cpu", indexes=tuple(place / n for n in names)
    )


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Every file and folder, its size, and when it was written."""
    stats = ((path, path.stat()) for path in sorted(folder.rglob("*")))
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats]


@pytest.fixture
def microscope(place: Path, tmp_path: Path) -> Iterator[Microscope]:
    microscope = Microscope(settings(place, tmp_path / "data", "whole", "bare"))
    microscope.start()
    wait_for(lambda: microscope.ready()[0])
    wait_for(lambda: not microscope.worker.find("resume"))
    yield microscope
    microscope.close()


def test_a_mounted_index_shows_its_pictures_and_is_not_touched(place: Path, microscope: Microscope) -> None:
    before = [listing(place / name) for name in ("whole", "bare")]
    page = microscope.unit_page("small", LAYER, 3)
    assert page.corpora == ["bare", "whole"] and page.corpus == "bare" and len(page.examples) == 24
    assert page.record and "were not exported" in page.record.status
    page = microscope.unit_page("small", LAYER, 3, corpus="whole")
    assert page.record and not page.record.status and page.record.csv and page.record.alike
    for number in range(30):
        assert microscope.corpus_image("whole", number).startswith(b"RIFF")
    assert microscope.render_desk.spectrum("small", "maco") is not None
    assert [listing(place / name) for name in ("whole", "bare")] == before


def test_no_command_writes_to_a_mounted_index(microscope: Microscope) -> None:
    with pytest.raises(BadInput, match="whole is mounted from .* export it again"):
        microscope.indexes.need_own("small", "whole")
    index = microscope.indexes.open("bare")
    assert "was not exported with it" in microscope.label_desk.status(index, LAYER)


def test_weights_that_are_not_the_servers_are_named_with_the_servers(
    place: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other").mkdir()
    tiny_hub_folder(tmp_path / "other" / "small", seed=1)
    other = Settings(
        models=(f"small@{tmp_path / 'other' / 'small'}",), data=tmp_path / "data", indexes=(place / "whole",)
    )
    microscope = Microscope(other)
    microscope.residents.load("small")
    with caplog.at_level(logging.ERROR):
        microscope.indexes.check_mounted("small")
    found = Index.open(place / "whole").manifest.weights_hash
    assert found in caplog.text and microscope.residents.clip("small").weights_hash in caplog.text
    assert microscope.indexes.of("small") == []
    microscope.close()


def test_what_cannot_be_mounted_is_refused_with_a_reason(place: Path, tmp_path: Path) -> None:
    for names, said in ((("small",), "no index in"), (("whole", "whole"), "is called whole, and so is")):
        with pytest.raises(BadInput, match=said):
            Microscope(settings(place, tmp_path / "data", *names))
    (tmp_path / "data" / "indexes" / "whole").mkdir(parents=True)
    with pytest.raises(BadInput, match="is called whole, and so is"):
        Microscope(settings(place, tmp_path / "data", "whole"))
    with pytest.raises(BadInput, match="of the model small, and this server has large"):
        check_served([place / "bare"], tmp_path / "new", ["large"])
    check_served([place / "bare"], tmp_path / "new", ["large", "small"])
