"""What determines a region map."""

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from app.spec.finding import FindingBase

MOST_UNITS = 12


class RegionsSpec(FindingBase):
    """Where in the world some units of a layer are driven. Without `units` they are chosen: those that the paper shows as
    region units, or those that country names drive most selectively."""

    kind: Literal["regions"] = "regions"
    units: tuple[int, ...] = Field((), description=f"Up to {MOST_UNITS} units, such as 1257, 1317, 1000.")
    crops: int = Field(256, ge=128, le=2048, description="Crops of the unlabelled map.")
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @field_validator("units", mode="before")
    @classmethod
    def _each_once(cls, given: Any) -> tuple[int, ...]:
        """Numbers, or a text with numbers, in order and each once: one address for one set."""
        listed = [given] if isinstance(given, str | int) else given
        if not isinstance(listed, list | tuple):
            raise ValueError("units must be numbers of units, such as 1257, 1317, 1000")
        words = [word for each in listed for word in re.split(r"[\s,;]+", str(each)) if word]
        if wrong := next((word for word in words if not re.fullmatch(r"[0-9]{1,9}", word)), None):
            raise ValueError(f"units must be numbers of units, such as 1257, 1317, 1000, but {wrong[:20]!r} is none")
        units = sorted({int(word) for word in words})
        if len(units) > MOST_UNITS:
            raise ValueError(
                f"units: {len(units)} were given, and at most {MOST_UNITS} have hues that can be told apart. Leave some out"
            )
        return tuple(units)
