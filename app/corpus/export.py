"""A unit's column as a table, for other programs: one row for each image of the corpus, streamed."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.listing import harmless

ROWS = 1000  # per batch of CSV
GROUP = 20_000  # rows per row group of Parquet
OWN = ("image", "key", "activation", "sd", "percentile", "place")


def schema(columns: Columns) -> pa.Schema:
    """`image` is its number in the corpus, `key` its name there; `place` is the flat argmax over the map, known of the
    examples that the index keeps; then one column for each label, `label.NAME` where that name is one of ours."""
    own = [
        ("image", pa.int64()),
        ("key", pa.string()),
        ("activation", pa.float32()),
        ("sd", pa.float32()),
        ("percentile", pa.float32()),
        ("place", pa.int32()),
    ]
    return pa.schema([*own, *((_labelled(name), pa.string()) for name in columns.categories.names)])


def _labelled(name: str) -> str:
    return f"label.{name}" if name in OWN else name


def batches(
    index: Index,
    columns: Columns,
    layer: str,
    unit: int,
    rows: int = ROWS,
    text: Callable[[str], str] = lambda words: words,
) -> Iterator[pa.RecordBatch]:
    """The table of `schema`, in the order of the corpus.

    Args:
        text: What becomes of keys and labels.

    Raises:
        NotFound: there is no such layer or unit; raised at the first batch.
    """
    known, activations, shape = index.unit(layer, unit), columns.unit(layer, unit), schema(columns)
    places = {image: entry.place for image, entry in known.known.items()}
    sd = (activations - known.stats.mean) / (known.stats.std or 1.0)
    order = np.sort(activations)
    for start in range(0, len(columns), rows):
        numbers = range(start, min(start + rows, len(columns)))
        part = slice(numbers.start, numbers.stop)
        low, high = (np.searchsorted(order, activations[part], side) for side in ("left", "right"))
        records = [index.record(number) for number in numbers]
        table = {
            "image": list(numbers),
            "key": [text(record["key"]) for record in records],
            "activation": activations[part],
            "sd": sd[part].astype(np.float32),
            "percentile": (50 * (low + high) / len(order)).astype(np.float32),
            "place": [places.get(number) for number in numbers],
        }
        for name in columns.categories.names:
            table[_labelled(name)] = [text(record.get(name, "")) if name in record else None for record in records]
        yield pa.RecordBatch.from_pydict(table, schema=shape)


class _Outlet(io.RawIOBase):
    """A file that nobody keeps: what was written to it is taken out again and sent."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        part = bytes(memoryview(data))  # pyright: ignore[reportArgumentType]
        self.parts.append(part)
        self.length += len(part)
        return len(part)

    def tell(self) -> int:
        return self.length

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def as_csv(index: Index, columns: Columns, layer: str, unit: int) -> Iterator[bytes]:
    """The table as CSV with a header line, UTF-8; what is not known is empty. Raises as `batches`."""
    outlet = _Outlet()
    with pyarrow.csv.CSVWriter(outlet, schema(columns)) as writer:
        for batch in batches(index, columns, layer, unit, text=harmless):
            writer.write_batch(batch)
            yield outlet.take()
    yield outlet.take()


def as_parquet(index: Index, columns: Columns, layer: str, unit: int) -> Iterator[bytes]:
    """The table as Parquet. Its metadata says which index it is of, layer and unit. Raises as `batches`."""
    manifest, outlet = index.manifest, _Outlet()
    about = {"model": manifest.model, "corpus": manifest.name, "index": manifest.key, "layer": layer, "unit": str(unit)}
    with pq.ParquetWriter(outlet, schema(columns).with_metadata(about), compression="zstd") as writer:
        for batch in batches(index, columns, layer, unit, GROUP):
            writer.write_batch(batch)
            yield outlet.take()
    yield outlet.take()
