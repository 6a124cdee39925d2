"""Families of a real (random, tiny) model's layer: what is written, what it belongs to, and that it comes out the same."""

from pathlib import Path
from shutil import copytree

import pytest

from app.clip.clip import Clip
from app.corpus import column_writer
from app.corpus.build import build
from app.corpus.columns import FOLDER as COLUMNS
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import NotFound, NotReady
from app.lab import making as labelling
from app.lab.families import LEAST
from app.lab.grouped import VERSION, LayerFamilies, making, missing, place, shares
from app.lab.labels import LayerLabels
from app.lab.words import Words
from tests.pictures import blobs

LAYER = "layer4.0"
WORDS = Words(("red", "green", "blue", "orange", "purple", "disc"), 0, "six words")


@pytest.fixture(scope="module")
def unlabelled(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of two layers with its columns and without labels."""
    folder = tmp_path_factory.mktemp("grouped")
    (folder / "pictures").mkdir()
    for number in range(60):
        blobs(number)[0].save(folder / "pictures" / f"{number:03}.png")
    build(tiny_clip, open_source(str(folder / "pictures")), "mine", [LAYER, "layer3.0"], folder / "index")
    found = Index.open(folder / "index")
    list(column_writer.making(tiny_clip, found))
    return found


@pytest.fixture
def index(unlabelled: Index, tmp_path: Path) -> Index:
    """The same index in a folder of the test's own."""
    return Index.open(copytree(unlabelled.folder, tmp_path / "index"))


def columns(index: Index) -> Columns:
    return Columns.open(index.folder / COLUMNS, index)


def test_families_are_of_an_index_and_its_labels(tiny_clip: Clip, index: Index) -> None:
    assert missing(index, index.manifest.layers) == [], "a layer without labels cannot have families"
    with pytest.raises(NotFound, match="label"):
        list(making(tiny_clip, index, columns(index), [LAYER]))
    list(labelling.making(tiny_clip, index, [LAYER], WORDS))
    labels = LayerLabels.open(index, LAYER)
    assert missing(index, index.manifest.layers) == [LAYER]
    with pytest.raises(NotFound):
        LayerFamilies.open(index, labels)

    steps = list(making(tiny_clip, index, columns(index)))
    assert steps[-1] == (100, 100) and [done for done, _ in steps] == sorted(done for done, _ in steps)
    found = LayerFamilies.open(index, labels)
    assert missing(index, index.manifest.layers) == [] and list(making(tiny_clip, index, columns(index))) == []
    assert (found.images, found.units, found.layer) == (60, 256, LAYER) and found.families
    units = [unit for family in found.families for unit in family.units]
    assert len(units) == len(set(units)) == 256 - found.loose
    sizes = [len(family.units) for family in found.families]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] >= LEAST
    assert all(family.cohesion > family.beside and family.name for family in found.families)
    assert {word for family in found.families for word in family.words} <= set(WORDS.words)

    once = place(index, LAYER).read_bytes()
    place(index, LAYER).unlink()
    list(making(tiny_clip, index, columns(index)))
    assert LayerFamilies.open(index, labels).families == found.families
    place(index, LAYER).write_bytes(once)

    list(labelling.making(tiny_clip, index, [LAYER], Words(WORDS.words[:4], 0, "four words")))
    with pytest.raises(NotReady, match="of labels .* make them again"):
        LayerFamilies.open(index, LayerLabels.open(index, LAYER))
    assert missing(index, index.manifest.layers) == [LAYER]


def test_what_was_written_by_another_version_is_refused(tiny_clip: Clip, index: Index) -> None:
    list(labelling.making(tiny_clip, index, [LAYER], WORDS))
    labels = LayerLabels.open(index, LAYER)
    list(making(tiny_clip, index, columns(index), [LAYER]))
    path = place(index, LAYER)
    path.write_text(path.read_text().replace(f'"version":{VERSION}', '"version":0'))
    with pytest.raises(NotReady, match="version"):
        LayerFamilies.open(index, labels)
    path.write_text("{}")
    with pytest.raises(NotReady, match="another version"):
        LayerFamilies.open(index, labels)


def test_a_words_share_is_how_far_it_is_above_chance(tiny_clip: Clip, index: Index) -> None:
    list(labelling.making(tiny_clip, index, [LAYER], WORDS))
    made = LayerLabels.open(index, LAYER)
    lowest = min(unit.named[0].score for unit in made.units)
    labels = made.model_copy(update={"threshold": lowest})  # a random model is sure of nothing
    found = shares(labels)
    for unit, own in enumerate(found):
        above = {
            each.word: each.score - labels.threshold
            for each in labels.units[unit].named
            if labels.threshold < each.score
        }
        assert own == pytest.approx({word: score / sum(above.values()) for word, score in above.items()})
    assert not min(map(len, found)) and max(map(len, found)) > 1, "units with no word and with several"
