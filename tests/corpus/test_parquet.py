"""Pictures in Parquet files, in the layout of the datasets library."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound
from tests.corpus.conftest import picture
from tests.pictures import png

FEATURES = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "image": {"_type": "Image"}}


def cell(seed: int) -> dict[str, Any]:
    return {"bytes": png(picture(seed)), "path": f"{seed}.png"}


def write(path: Path, columns: dict[str, list[Any]], group: int = 3, features: dict[str, Any] | None = None) -> Path:
    """A table with groups of few rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if features else None
    pq.write_table(pa.table(columns).replace_schema_metadata(about), path, row_group_size=group)
    return path


def test_rows_are_pictures_and_the_other_columns_are_labels(tmp_path: Path) -> None:
    for number in range(2):
        seeds = range(7 * number, 7 * number + 7)
        columns = {"label": [seed % 2 for seed in seeds], "image": [cell(seed) for seed in seeds]}
        columns["sharpness"] = [0.5] * 7
        columns["thumbnail"] = [b"x"] * 7
        write(tmp_path / "data" / f"train-{number}.parquet", columns, features=FEATURES)
    items = list(open_source(str(tmp_path / "data" / "train-*.parquet")))
    assert [item.key for item in items][5:8] == [
        "train-0.parquet/000005",
        "train-0.parquet/000006",
        "train-1.parquet/000000",
    ]
    assert [item.read() for item in items] == [png(picture(seed)) for seed in range(14)]
    assert items[3].record == {"label": "dog", "sharpness": "0.5", "caption": "dog"}


@pytest.mark.parametrize(
    ("labels", "caption"),
    [
        ({"caption": ["a cat"], "text": ["t"]}, "a cat"),
        ({"text": ["a dog"]}, "a dog"),
        ({"label": [7]}, "7"),
        ({"caption": [None]}, ""),
        ({}, ""),
    ],
)
def test_the_caption_is_what_comes_closest_to_one(tmp_path: Path, labels: dict[str, list[Any]], caption: str) -> None:
    path = write(tmp_path / "x.parquet", {"picture": [cell(0)["bytes"]], **labels})
    (item,) = open_source(str(path))
    assert (item.read(), item.record["caption"]) == (png(picture(0)), caption)


def test_an_index_of_parquet_is_that_of_the_same_pictures_in_a_folder(tiny_clip: Clip, tmp_path: Path) -> None:
    seeds = range(100, 170)
    cells = [None if seed == 120 else cell(seed) for seed in seeds]
    cells[30] = {"bytes": b"no picture", "path": None}
    (tmp_path / "folder").mkdir()
    for seed, each in zip(seeds, cells, strict=True):
        (tmp_path / "folder" / f"{seed}.png").write_bytes(each["bytes"] if each else b"")
    path = write(tmp_path / "x.parquet", {"image": cells, "caption": [f"c{seed}" for seed in seeds]}, group=8)
    for source, name in ((path, "table"), (tmp_path / "folder", "files")):
        build(tiny_clip, open_source(str(source)), name, ["layer4.0"], tmp_path / "indexes" / name, partition=32)
    table, files = (Index.open(tmp_path / "indexes" / name) for name in ("table", "files"))
    assert (table.manifest.images, table.manifest.skipped) == (68, 2)
    assert [refusal.name for refusal in table.manifest.refused] == ["x.parquet/000020", "x.parquet/000030"]
    for name, array in files.tables("layer4.0").items():
        assert array.tobytes() == table.tables("layer4.0")[name].tobytes()
    assert table.record(20) == {"key": "x.parquet/000021", "caption": "c121"}
    assert table.image(40).tobytes() == files.image(40).tobytes()


@pytest.mark.parametrize("change", ["pixel", "label", "order"])
def test_any_change_of_the_table_changes_the_corpus(tmp_path: Path, change: str) -> None:
    seeds = [0, 1, 2]
    before = write(tmp_path / "a" / "x.parquet", {"image": [cell(seed) for seed in seeds], "label": seeds})
    columns = {"image": [cell(seed) for seed in seeds], "label": list(seeds)}
    moved = write(tmp_path / "b" / "x.parquet", columns, group=2)
    assert open_source(str(moved)).manifest_hash == open_source(str(before)).manifest_hash
    match change:
        case "pixel":
            columns["image"][1] = cell(9)
        case "label":
            columns["label"][1] = 9
        case "order":
            columns = {name: column[::-1] for name, column in columns.items()}
    after = write(tmp_path / "c" / "x.parquet", columns)
    assert open_source(str(after)).manifest_hash != open_source(str(before)).manifest_hash


def test_a_table_that_went_away_or_changed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"image": [cell(seed) for seed in range(5)]})
    items = list(open_source(str(path)))
    write(path, {"image": [cell(seed + 50) for seed in range(2)]})
    for item in items:
        with pytest.raises(NotFound, match=r"x\.parquet (has changed|cannot be read)"):
            item.read()
    path.unlink()
    with pytest.raises(NotFound, match="cannot be read"):
        items[0].read()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"caption": ["words"]}, "columns of that kind are none"),
        ({"left": [b"1"], "right": [b"2"]}, "columns of that kind are left, right"),
        ({"image": pa.array([], pa.binary())}, "There are no pictures"),
    ],
)
def test_a_table_without_pictures_is_refused(tmp_path: Path, columns: dict[str, Any], sentence: str) -> None:
    path = write(tmp_path / "x.parquet", columns)
    with pytest.raises(BadInput, match=sentence):
        open_source(str(path))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("dear diary")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        open_source(str(tmp_path / "x.parquet"))
    (tmp_path / "y.tar").write_bytes(b"")
    with pytest.raises(BadInput, match="two kinds of files"):
        open_source(str(tmp_path / "*.*"))
