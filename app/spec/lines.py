"""Lists that people type: one a line, or with commas between."""

import re
from typing import Any


def items(value: Any) -> Any:
    """The different items of a text, without the space around them; anything but a text as it is."""
    if not isinstance(value, str):
        return value
    tidy = (" ".join(each.split()) for each in re.split(r"[\n,;]", value))
    return tuple(dict.fromkeys(each for each in tidy if each))
