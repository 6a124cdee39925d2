"""Files that are made in one go: a reader never sees half of one."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

PUBLIC, PRIVATE = 0o644, 0o600
PART = ".part-"  # what the name of a file begins with that is not whole yet


def write_whole(path: Path, data: bytes | Iterable[bytes], mode: int = PUBLIC) -> None:
    """Write the bytes, or what they come in parts, so that the path holds either nothing, the old bytes, or all of the new ones.

    Args:
        mode: Who may read it: everybody on the machine, or with `PRIVATE` only who runs this.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as file:
        part = Path(file.name)
        try:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.close()
            part.chmod(mode)
            part.replace(path)
        except BaseException:  # a full disk must not be left fuller
            part.unlink(missing_ok=True)
            raise
