import csv
import io

import numpy as np
import pyarrow.parquet as pq
import pytest

from app.corpus.index import Index
from app.corpus.listing import as_csv, as_parquet, examples, harmless, units

LAYER = "layer1.0"


def test_every_unit_has_its_row(index: Index) -> None:
    names = [f"=unit {number}" if number == 3 else f"unit, {number}" for number in range(index.units(LAYER))]
    table = units(index, LAYER, names)
    rows = list(csv.DictReader(io.StringIO(as_csv(table).decode())))
    assert len(rows) == index.units(LAYER) and rows[3]["label"] == "'=unit 3" and rows[4]["label"] == "unit, 4"
    for number in (0, 3, 17):
        known = index.unit(LAYER, number)
        row = rows[number]
        assert [int(row["unit"]), float(row["mean"]), float(row["std"])] == [number, known.stats.mean, known.stats.std]
        assert [float(row["min"]), float(row["max"])] == pytest.approx([known.stats.min, known.stats.max])
        assert row["strongest"].split() == [str(entry.image) for entry in known.top[:10]]
        best = np.mean([entry.activation for entry in known.top[:10]])
        assert float(row["selectivity"]) == pytest.approx((best - known.stats.mean) / known.stats.std, rel=1e-5)
    assert sorted(range(len(rows)), key=lambda unit: -float(rows[unit]["selectivity"]))[0] == index.strongest(LAYER)[0]
    kept = pq.read_table(io.BytesIO(as_parquet(table)))
    assert kept.to_pylist() == table.to_pylist() and kept["label"][3].as_py() == "=unit 3"
    assert kept.schema.metadata[b"index"].decode() == index.manifest.key


def test_the_examples_are_those_of_the_index(index: Index) -> None:
    known = index.unit(LAYER, 5)
    rows = examples(index, LAYER, 5).to_pylist()
    by_set = {name: [row["image"] for row in rows if row["set"] == name] for name in ("strongest", "weakest", "band")}
    assert by_set["strongest"] == [entry.image for entry in known.top]
    assert by_set["weakest"] == [entry.image for entry in known.bottom]
    assert by_set["band"] == [entry.image for band in known.bands for entry in band.entries]
    for row in rows:
        assert row["key"] == index.record(row["image"])["key"] and row["caption"].startswith("red cat")
        assert row["sd"] == pytest.approx((row["activation"] - known.stats.mean) / known.stats.std)
        if row["set"] == "band":
            assert row["band_low"] - 1e-6 <= row["sd"] <= row["band_high"] + 1e-6


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}" and harmless(f"a{text}") == f"a{text}"
