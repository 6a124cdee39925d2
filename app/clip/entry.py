"""A model by name."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One model: `slug` names it in addresses, `name` to people; `pretrained` is open_clip's tag, or the path of a
    local checkpoint file or folder."""

    slug: str
    name: str
    architecture: str
    pretrained: str | Path
