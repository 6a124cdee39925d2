"""What is known of a corpus' pictures, from a Parquet table beside them (Hugging Face's imagefolder convention).

`metadata.parquet` lies in the folder of the pictures, or of the tar shards. Its column `file_name` is a picture's path
relative to that folder, `SHARD.tar/MEMBER` for one in a shard; every other column is a label.
"""

from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import BadInput
from app.spec import canonical_json

FILE = "metadata.parquet"
KEY = "file_name"
AFTER_SLASH = chr(ord("/") + 1)

Record = dict[str, str]


def labels(folder: Path, shard: str | None = None) -> dict[str, Record]:
    """The labels of a folder's pictures, file name -> record; nothing where the folder has no table.

    Strings are taken as they are, other values as canonical JSON; nulls and columns that hold bytes are left out. Of
    two rows for one picture the later counts.

    Args:
        shard: Only the pictures in this tar file. A table sorted by `file_name` is then read in part.

    Raises:
        BadInput: the table cannot be read, or has no column `file_name` of strings.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:  # given the path, pyarrow would read labels off the folders' names too
            return {row.pop(KEY): record(row) for row in _rows(path, file, shard) if row[KEY] is not None}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as Parquet ({error}): write it again or remove it.") from error


def _rows(path: Path, file: BinaryIO, shard: str | None) -> list[dict[str, Any]]:
    schema = pq.read_schema(file)
    if schema.names.count(KEY) != 1 or not _is_text(schema.field(KEY).type):
        raise BadInput(
            f"{path} needs one column `{KEY}` of strings, the pictures' paths in that folder: add it or remove the file."
        )
    columns = [name for name in dict.fromkeys(schema.names) if not holds_bytes(schema.field(name).type)]
    within = [(KEY, ">=", f"{shard}/"), (KEY, "<", f"{shard}{AFTER_SLASH}")] if shard else None
    return pq.read_table(file, columns=columns, filters=within).to_pylist()


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def holds_bytes(kind: pa.DataType) -> bool:
    """Whether values of a type hold bytes that are no text."""
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(test(kind) for test in binary) or any(
        holds_bytes(kind.field(number).type) for number in range(kind.num_fields)
    )


def record(row: dict[str, Any]) -> Record:
    """Labels as text; what JSON has no word for, such as a date, as Python writes it."""
    return {name: _text(value) for name, value in row.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return canonical_json(value)
    except (TypeError, ValueError):
        return str(value)
