"""Labels from a Parquet table beside the pictures: real Parquet files, read as any corpus is."""

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.corpus.labels import labels
from app.corpus.sources import open_source
from app.errors import BadInput
from tests.corpus.conftest import picture
from tests.corpus.test_sources import shard, webp, write_tar


def table(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "metadata.parquet", **options)
    return folder


def folder_of(path: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        picture(number, (16, 16)).save(path / name)
    return path


def records(source: Path | str) -> dict[str, dict[str, str]]:
    return {item.key: item.record for item in open_source(str(source))}


def test_a_folders_table_wins_over_file_names_and_leaves_the_others(tmp_path: Path) -> None:
    folder_of(tmp_path, "a_cat.png", "far/b_dog.png", "c.png")
    table(
        tmp_path,
        {"file_name": ["a_cat.png", "far/b_dog.png", "gone.png"], "caption": ["Felix", None, "x"], "year": [1, 2, 3]},
    )
    assert records(tmp_path) == {
        "a_cat.png": {"caption": "Felix", "year": "1"},
        "far/b_dog.png": {"caption": "b dog", "year": "2"},
        "c.png": {"caption": "c"},
    }


def test_only_the_table_of_the_root_counts(tmp_path: Path) -> None:
    folder_of(tmp_path, "far/a.png")
    table(tmp_path / "far", {"file_name": ["a.png"], "caption": ["unseen"]})
    assert records(tmp_path) == {"far/a.png": {"caption": "a", "class": "far"}}


def test_a_folders_name_is_no_label(tmp_path: Path) -> None:
    folder_of(tmp_path / "year=1999", "a.png")
    table(tmp_path / "year=1999", {"file_name": ["a.png"]})
    assert records(tmp_path / "year=1999") == {"a.png": {"caption": "a"}}


def test_a_table_is_laid_over_what_a_shard_says_itself(tmp_path: Path) -> None:
    shard(tmp_path / "x-0.tar", range(2))
    shard(tmp_path / "x-1.tar", range(2))
    table(
        tmp_path,
        {"file_name": ["x-1.tar/000.webp", "x-0.tar/000.webp"], "caption": ["second", None], "family": ["pets", "any"]},
    )
    assert records(tmp_path / "x-*.tar") == {
        "x-0.tar/000": {"caption": "cat 0", "n": "0", "family": "any"},
        "x-0.tar/001": {"caption": "cat 1", "n": "1"},
        "x-1.tar/000": {"caption": "second", "n": "0", "family": "pets"},
        "x-1.tar/001": {"caption": "cat 1", "n": "1"},
    }


def test_shards_whose_names_begin_alike_keep_to_their_own_rows(tmp_path: Path) -> None:
    for name in ("x.tar", "x.tar.tar", "x.tar0.tar"):
        write_tar(tmp_path / name, [("0.webp", webp(0))])
    names = [f"{name}/0.webp" for name in ("x.tar", "x.tar.tar", "x.tar0.tar")]
    table(tmp_path, {"file_name": names, "caption": names})
    assert labels(tmp_path, "x.tar") == {"x.tar/0.webp": {"caption": "x.tar/0.webp"}}
    assert [record["caption"] for record in records(tmp_path / "*.tar").values()] == names


def test_a_shards_rows_are_the_same_however_the_table_is_cut(tmp_path: Path) -> None:
    names = [f"{n % 7}.tar/{n:03d}.webp" for n in range(400)]
    columns = {"file_name": names, "n": list(range(400))}
    whole, cut = table(tmp_path / "a", columns), table(tmp_path / "b", columns, row_group_size=9)
    assert labels(whole, "3.tar") == labels(cut, "3.tar")
    assert len(labels(whole, "3.tar")) == 57 == sum(name.startswith("3.tar/") for name in labels(whole))


def test_values_become_text_and_bytes_stay_out(tmp_path: Path) -> None:
    table(
        tmp_path,
        {
            "file_name": ["a.png"],
            "word": ['no \u00fc "quotes"'],
            "tags": [["b", "a"]],
            "box": [{"y": 1.5, "x": None}],
            "seen": [datetime.date(2020, 1, 2)],
            "yes": [True],
            "raw": [b"\xff"],
            "image": [{"bytes": b"\xff", "path": "a.png"}],
            "nothing": pa.nulls(1),
        },
    )
    record = labels(tmp_path)["a.png"]
    assert set(record) == {"word", "tags", "box", "seen", "yes"}
    assert (record["word"], record["seen"], record["yes"]) == ('no \u00fc "quotes"', "2020-01-02", "true")
    assert (json.loads(record["tags"]), json.loads(record["box"])) == (["b", "a"], {"y": 1.5, "x": None})


def test_a_label_that_changes_makes_another_corpus(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.png")
    hashes = set()
    for caption in ("one", "two", "one"):
        table(tmp_path, {"file_name": ["a.png"], "caption": [caption]})
        hashes.add(open_source(str(tmp_path)).manifest_hash)
    assert len(hashes) == 2


@pytest.mark.parametrize("columns", [{"name": ["a.png"]}, {"file_name": [7]}])
def test_a_table_without_file_names_is_refused_by_name(tmp_path: Path, columns: dict[str, Any]) -> None:
    folder_of(tmp_path, "a.png")
    table(tmp_path, columns)
    with pytest.raises(BadInput, match=r"metadata\.parquet needs one column `file_name`.*add it or remove the file"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing of the kind PAR1"])
def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    shard(tmp_path / "x.tar", range(1))
    (tmp_path / "metadata.parquet").write_bytes(content)
    with pytest.raises(BadInput, match=r"metadata\.parquet cannot be read as Parquet.*write it again or remove it"):
        open_source(str(tmp_path / "x.tar"))
