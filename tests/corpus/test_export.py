import csv
import io
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.export import as_csv, as_parquet
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import NotFound
from tests.corpus.conftest import picture

LAYER = "layer1.0"


@pytest.fixture(scope="module")
def labelled(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Columns]:
    """120 pictures with labels, one of which has the name of a column of ours, and one a comma and a quote."""
    root = tmp_path_factory.mktemp("labelled")
    (root / "images").mkdir()
    names = [f"{number:03d}.png" for number in range(120)]
    for number, name in enumerate(names):
        picture(number).save(root / "images" / name)
    kinds = ['a "b", c' if number % 2 else "ü" for number in range(120)]
    table = {"file_name": names, "kind": kinds, "sd": ["x" if i < 60 else None for i in range(120)]}
    pq.write_table(pa.table(table), root / "images" / "metadata.parquet")
    build(tiny_clip, open_source(str(root / "images")), "labelled", [LAYER], root / "index")
    index = Index.open(root / "index")
    for _ in making(tiny_clip, index):
        pass
    return index, Columns.open(index.folder / FOLDER, index)


def checked(rows: list[dict[str, str | None]], index: Index, columns: Columns) -> None:
    assert len(rows) == len(index) == 120
    column, known = columns.unit(LAYER, 3), index.unit(LAYER, 3)
    np.testing.assert_allclose([float(row["activation"] or "nan") for row in rows], column, rtol=1e-6)
    expected = (column - known.stats.mean) / known.stats.std
    np.testing.assert_allclose([float(row["sd"] or "nan") for row in rows], expected, rtol=1e-4, atol=1e-5)
    best = rows[known.top[0].image]
    assert float(best["percentile"] or "nan") == pytest.approx(100 - 50 / 120, abs=0.01)
    for entry in known.top:
        assert int(rows[entry.image]["place"] or -1) == entry.place
    assert [row["key"] for row in rows] == [index.record(number)["key"] for number in range(120)]
    assert rows[1]["kind"] == 'a "b", c' and rows[2]["kind"] == "ü" and rows[59]["label.sd"] == "x"


def test_the_csv_is_the_column_with_its_labels(labelled: tuple[Index, Columns]) -> None:
    parts = list(as_csv(*labelled, LAYER, 3))
    rows = list(csv.DictReader(io.StringIO(b"".join(parts).decode())))
    checked([dict(row) for row in rows], *labelled)
    assert rows[60]["label.sd"] == ""


def test_the_parquet_is_the_column_with_its_labels_and_says_what_it_is_of(labelled: tuple[Index, Columns]) -> None:
    table = pq.read_table(io.BytesIO(b"".join(as_parquet(*labelled, LAYER, 3))))
    rows = [{k: None if v is None else str(v) for k, v in row.items()} for row in table.to_pylist()]
    checked(rows, *labelled)
    about = table.schema.metadata
    assert about[b"index"].decode() == labelled[0].manifest.key and about[b"unit"] == b"3"
    assert rows[60]["label.sd"] is None


@pytest.mark.parametrize("write", [as_csv, as_parquet])
def test_a_unit_that_is_not_there_is_not_found(
    labelled: tuple[Index, Columns], write: Callable[..., Iterator[bytes]]
) -> None:
    for layer, unit in (("layer9.0", 0), (LAYER, 10**6)):
        with pytest.raises(NotFound):
            list(write(*labelled, layer, unit))
