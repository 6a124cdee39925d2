"""Examples that nearly duplicate one before them are folded into it, and others come up in their place."""

import pytest
from PIL import Image, ImageEnhance

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.microscope.responses import examples
from tests.pictures import blobs

LAYER, DIFFERENT = "layer4.0", 20


@pytest.fixture(scope="module")
def index(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Twenty different pictures; the first ten of them three times."""
    folder = tmp_path_factory.mktemp("copies")
    (folder / "images").mkdir()
    pictures = [blobs(seed)[0] for seed in range(DIFFERENT)]
    smaller: list[Image.Image] = [picture.resize((48, 48), Image.Resampling.LANCZOS) for picture in pictures[:10]]
    darker = [ImageEnhance.Brightness(picture).enhance(0.95) for picture in pictures[:10]]
    for number, picture in enumerate([*pictures, *smaller, *darker]):
        picture.save(folder / "images" / f"{number:02d}.png")
    build(tiny_clip, open_source(str(folder / "images")), "copies", [LAYER], folder / "index")
    index = Index.open(folder / "index")
    for _ in making(tiny_clip, index):
        pass
    return index


@pytest.mark.parametrize("unit", [0, 5, 77])
def test_every_picture_is_shown_once_with_its_copies(tiny_clip: Clip, index: Index, unit: int) -> None:
    columns = Columns.open(index.folder / FOLDER, index)
    top = index.unit(LAYER, unit).top
    shown = examples(index, tiny_clip.layers[LAYER], unit, top, columns, most=24)
    assert len(shown) == DIFFERENT
    assert [each.activation for each in shown] == sorted((each.activation for each in shown), reverse=True)

    def different(address: str) -> int:
        number = int(address.rpartition("/")[2].removesuffix(".webp"))
        return number if number < DIFFERENT else (number - DIFFERENT) % 10

    assert sorted(different(each.image) for each in shown) == list(range(DIFFERENT))
    for each in shown:
        assert each.duplicates == len(each.alike) == (2 if different(each.image) < 10 else 0)
        assert {different(other.image) for other in each.alike} <= {different(each.image)}
        assert all(other.sd <= each.sd for other in each.alike)


def test_without_fingerprints_nothing_is_folded(tiny_clip: Clip, index: Index) -> None:
    top = index.unit(LAYER, 5).top
    shown = examples(index, tiny_clip.layers[LAYER], 5, top, most=24)
    assert [each.activation for each in shown] == [entry.activation for entry in top[:24]]
    assert not any(each.duplicates for each in shown)
