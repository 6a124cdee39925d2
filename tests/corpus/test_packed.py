"""An index packed beside its corpus is the same index once unpacked, and only there."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.packed import pack, unpack
from app.corpus.sources import Source, open_source
from app.errors import BadInput, NotFound, NotReady
from tests.corpus.conftest import picture
from tests.corpus.test_sources import shard

LAYERS = ["layer2.0", "layer4.0"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return open_source(str(shard(tmp_path_factory.mktemp("corpus") / "corpus-0.tar", range(40))))


@pytest.fixture(scope="module")
def built(tiny_clip: Clip, source: Source, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("indexes") / "small"
    build(tiny_clip, source, "small", LAYERS, folder)
    return Index.open(folder)


@pytest.fixture
def packed(built: Index, tmp_path: Path) -> Path:
    pack(built, tmp_path / "packed")
    return tmp_path / "packed"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unpacked_index_is_the_one_that_was_packed(
    tiny_clip: Clip, source: Source, built: Index, packed: Path, tmp_path: Path
) -> None:
    manifest = unpack(packed, tiny_clip, source, "small", tmp_path / "out")
    assert manifest == built.manifest
    assert files(tmp_path / "out") == files(built.folder)
    assert build(tiny_clip, source, "small", LAYERS, tmp_path / "out") == built.manifest
    assert [Index.open(tmp_path / "out").record(n)["caption"] for n in (0, 39)] == ["cat 0", "cat 39"]


def test_what_else_was_measured_of_the_corpus_travels_along(
    tiny_clip: Clip, source: Source, built: Index, tmp_path: Path
) -> None:
    folder = shutil.copytree(built.folder, tmp_path / "index")
    np.savez_compressed(folder / "spectrum.npz", key=np.array("a"), amplitude=np.arange(3.0))
    pack(Index.open(folder), tmp_path / "packed")
    unpack(tmp_path / "packed", tiny_clip, source, "small", tmp_path / "out")
    assert files(tmp_path / "out") == files(folder)


def test_a_packed_index_is_repeatable_small_and_names_no_folder_of_this_machine(
    built: Index, packed: Path, tmp_path: Path
) -> None:
    pack(built, tmp_path / "again")
    assert files(tmp_path / "again") == files(packed)
    assert set(files(packed)) == {"manifest.json", "layers/layer2.0.npz", "layers/layer4.0.npz"}
    assert sum(map(len, files(packed).values())) < sum(map(len, files(built.folder).values())) / 3
    assert str(tmp_path.parent.parent).encode() not in files(packed)["manifest.json"]


def test_an_index_of_another_corpus_is_refused_and_what_is_there_stays(
    tiny_clip: Clip, packed: Path, tmp_path: Path
) -> None:
    other = open_source(str(shard(tmp_path / "other.tar", range(1, 41))))
    build(tiny_clip, other, "other", ["layer1.0"], tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(NotReady, match="and corpus .* not .*build it again"):
        unpack(packed, tiny_clip, other, "small", tmp_path / "out")
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("damage", ["cut", "gone", "text", "other"])
def test_damaged_tables_are_refused_by_name(
    tiny_clip: Clip, source: Source, packed: Path, tmp_path: Path, damage: str
) -> None:
    path = packed / "layers" / "layer4.0.npz"
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-100])
        case "gone":
            path.unlink()
        case "text":
            path.write_text("words")
        case "other":
            shutil.copy(packed / "layers" / "layer2.0.npz", path)
    with pytest.raises(NotReady, match=r"layer4\.0\.npz .*build the index again"):
        unpack(packed, tiny_clip, source, "small", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["packed"]


def test_a_folder_that_is_no_index_is_neither_read_nor_replaced(
    tiny_clip: Clip, source: Source, packed: Path, tmp_path: Path
) -> None:
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "diary.txt").write_text("mine")
    with pytest.raises(NotFound, match="no index in"):
        unpack(tmp_path / "diary", tiny_clip, source, "small", tmp_path / "out")
    with pytest.raises(BadInput, match="is no index"):
        unpack(packed, tiny_clip, source, "small", tmp_path / "diary")
    assert files(tmp_path / "diary") == {"diary.txt": b"mine"}


def test_an_index_that_left_images_out_cannot_be_packed(tiny_clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    picture(0).save(tmp_path / "images" / "a.png")
    (tmp_path / "images" / "b.png").write_text("dear diary")
    build(tiny_clip, open_source(str(tmp_path / "images")), "i", ["layer1.0"], tmp_path / "index")
    with pytest.raises(BadInput, match="left out 1 of its images: take them out"):
        pack(Index.open(tmp_path / "index"), tmp_path / "packed")


def test_tables_are_read_whole(built: Index) -> None:
    assert np.array_equal(built.tables("layer4.0")["moments.mean"], built.mean("layer4.0"))
    with pytest.raises(NotFound, match="has no layer layer1"):
        built.tables("layer1.0")
