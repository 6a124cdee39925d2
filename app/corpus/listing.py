"""What an index says of a layer's units, and of one unit's examples, as tables for other programs."""

import csv
import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from app.corpus.index import STRONGEST, Index

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def units(index: Index, layer: str, labels: Sequence[str]) -> pa.Table:
    """A row for each unit of a layer: its label, statistics over the corpus, how many standard deviations its strongest
    examples lie above its mean (`selectivity`, of ten; null where it never varies), and their numbers, strongest first.

    Raises:
        NotFound: the layer is not indexed.
    """
    tables, few = index.tables(layer), min(STRONGEST, len(index))
    mean, std, selectivity = index.mean(layer), index.std(layer), index.selectivity(layer)
    selectivity = np.where(np.isfinite(selectivity), selectivity, np.nan)
    about = {"model": index.manifest.model, "corpus": index.manifest.name, "index": index.manifest.key, "layer": layer}
    columns = {
        "unit": pa.array(np.arange(len(mean))),
        "label": pa.array(list(labels), pa.string()),
        "mean": pa.array(mean),
        "std": pa.array(std),
        "min": pa.array(np.array(tables["histogram.low"])),
        "max": pa.array(np.array(tables["histogram.high"])),
        "selectivity": pa.array(selectivity, from_pandas=True),
        "strongest": pa.array(tables["top.ids"][:, :few].tolist(), pa.list_(pa.int64())),
    }
    return pa.table(columns).replace_schema_metadata(about)


def examples(index: Index, layer: str, unit: int) -> pa.Table:
    """The images that an index keeps of a unit: `set` is `strongest`, `weakest`, or `band` for those drawn from a band of
    its range, whose ends `band_low` and `band_high` are in standard deviations from the mean, as `sd` is.

    Raises:
        NotFound: the layer is not indexed or has no such unit.
    """
    known = index.unit(layer, unit)
    deviation = known.stats.std or 1.0

    def sd(activation: float) -> float:
        return (activation - known.stats.mean) / deviation

    sets = [("strongest", known.top, None, None), ("weakest", known.bottom, None, None)]
    sets += [("band", band.entries, sd(band.low), sd(band.high)) for band in known.bands]
    rows = [
        {
            "set": name,
            "band_low": low,
            "band_high": high,
            "image": entry.image,
            **{field: index.record(entry.image)[field] for field in ("key", "caption")},
            "activation": entry.activation,
            "sd": sd(entry.activation),
            "place": entry.place,
        }
        for name, entries, low, high in sets
        for entry in entries
    ]
    return pa.Table.from_pylist(rows)


def as_csv(table: pa.Table) -> bytes:
    """A table as CSV with a header line, UTF-8; lists are joined by spaces, and what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    return text.getvalue().encode()


def as_parquet(table: pa.Table) -> bytes:
    """A table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULAS) else text
