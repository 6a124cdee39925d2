"""Files that are made in one go: a reader never sees half of one."""

import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write the bytes so that the path holds either nothing, the old bytes, or all of the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as file:
        file.write(data)
    Path(file.name).chmod(0o644)  # tempfile makes it private
    Path(file.name).replace(path)
