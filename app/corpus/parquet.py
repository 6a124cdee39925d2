"""Pictures that lie in Parquet files, in the layout of the datasets library: a column `image` and columns of labels.

`image` is a struct whose field `bytes` is an image file, or those bytes themselves. A picture is addressed by its row.
Parquet is read by groups of rows (a hundred pictures, where the datasets library wrote them), so the groups read last
are kept: reading in order costs one reading of the file.
"""

import json
import threading
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.corpus.labels import Record, holds_bytes, record
from app.errors import BadInput

IMAGE = "image"
SUFFIX = ".parquet"
CAPTIONS = ("caption", "text", "label")  # where a picture's caption is looked for
GROUPS_KEPT = 3  # decoding threads read from two neighbouring groups at a time

_reading = threading.Lock()  # or several threads would read the same group at once


def pictures(path: Path) -> Iterator[tuple[int, Record]]:
    """The size in bytes, and the labels, of the picture in every row; the size is 0 where there is none.

    The number of a class becomes its name, where the file has the names.

    Raises:
        BadInput: the file cannot be read, or has no pictures.
    """
    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            schema = parquet.schema_arrow
            column, names = _image_column(path, schema), _class_names(schema)
            labels = [name for name in schema.names if name != column and not holds_bytes(schema.field(name).type)]
            for group in range(parquet.num_row_groups):
                cells = _group(path, _written(path), group)
                sizes = pc.call_function("binary_length", [cells]).to_pylist()
                rows = parquet.read_row_group(group, labels).to_pylist() if labels else [{}] * len(sizes)
                for size, row in zip(sizes, rows, strict=True):
                    yield size or 0, _labelled(row, names)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path} cannot be read as Parquet ({error}): write it again.", field="images") from error


def picture(path: Path, row: int) -> bytes:
    """The bytes of the image file in a row; none where there is none.

    Raises:
        OSError: the file cannot be read, or has not so many rows.
    """
    try:
        written = _written(path)
        starts = _starts(path, written)
        group = bisect_right(starts, row) - 1
        if group >= len(starts) - 1:
            raise OSError(f"{path} has only {starts[-1]} rows")
        return _group(path, written, group)[row - starts[group]].as_py() or b""
    except pa.ArrowException as error:
        raise OSError(str(error)) from error


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns


@lru_cache(maxsize=256)
def _starts(path: Path, _written: int) -> list[int]:
    """The first row of every group, and the number of rows."""
    with path.open("rb") as file:
        about = pq.read_metadata(file)
    return [0, *accumulate(about.row_group(group).num_rows for group in range(about.num_row_groups))]


def _group(path: Path, written: int, group: int) -> pa.Array:
    with _reading:
        return _read(path, written, group)


@lru_cache(maxsize=GROUPS_KEPT)
def _read(path: Path, _written: int, group: int) -> pa.Array:
    """The pictures of a group of rows: an array of binary values."""
    with path.open("rb") as file:
        parquet = pq.ParquetFile(file)
        column = _image_column(path, parquet.schema_arrow)
        cells = parquet.read_row_group(group, [column])[column].combine_chunks()
    if not pa.types.is_struct(cells.type):
        return cells
    return cells.flatten()[cells.type.get_field_index("bytes")]


def _image_column(path: Path, schema: pa.Schema) -> str:
    """`image`, or else the only column that could hold pictures."""
    columns = [name for name in schema.names if _is_image(schema.field(name).type)]
    if IMAGE in columns:
        return IMAGE
    if len(columns) != 1:
        found = ", ".join(columns) or "none"
        raise BadInput(
            f"{path} needs one column `{IMAGE}` that holds pictures, as bytes or as a struct with `bytes`: "
            f"columns of that kind are {found}.",
            field="images",
        )
    return columns[0]


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        place = kind.get_field_index("bytes")
        return place >= 0 and _is_binary(kind.field(place).type)
    return _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes, for columns of numbers of which the datasets library has recorded them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and "names" in feature
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _labelled(row: dict[str, Any], names: dict[str, list[str]]) -> Record:
    for column, known in names.items():
        number = row.get(column)
        if isinstance(number, int) and 0 <= number < len(known):
            row[column] = known[number]
    labels = record(row)
    caption = next((labels[name] for name in CAPTIONS if labels.get(name)), "")
    return {**labels, "caption": caption}
