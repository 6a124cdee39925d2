"""The box that an address names: `box=x0,y0,x1,y1` in fractions of the picture, or `x0`, `y0`, `x1`, `y1` in percent."""

import math
from typing import Annotated

from fastapi import Depends, Query

from app.errors import BadInput

Word = Annotated[str, Query(max_length=100)]
Box = tuple[float, float, float, float]

SIDES = ("x0", "y0", "x1", "y1")
LEAST = 0.01  # of the picture's width and height
HOW = (
    "Give four numbers from 0 to 1, x0,y0,x1,y1, such as 0.1,0.2,0.5,0.6: fractions of the picture, from its top left."
)


def box_of(box: Word = "", x0: Word = "", y0: Word = "", x1: Word = "", y1: Word = "") -> Box | None:
    """The box, if there is one. Raises `BadInput` for anything that is none."""
    sides = dict(zip(SIDES, (side.strip() for side in (x0, y0, x1, y1)), strict=True))
    given = {name: value for name, value in sides.items() if value}
    if box.strip():
        if given:
            raise BadInput(f"box: give either the box or {', '.join(given)}, not both.", field="box")
        parts = box.split(",")
        if len(parts) != len(SIDES):
            raise BadInput(f"box has {len(parts)} numbers instead of four. {HOW}", field="box")
        return _checked([_number(part, "box", HOW) for part in parts], 1.0)
    if not given:
        return None
    for name in SIDES:
        if name not in given:
            raise BadInput(f"{name} is missing. Give all four sides of the box in percent of the picture.", field=name)
    return _checked([_number(sides[name], name, "Give percents of the picture.") for name in SIDES], 100.0)


def _number(text: str, field: str, how: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(
            f"{field}: \N{LEFT DOUBLE QUOTATION MARK}{text.strip()}\N{RIGHT DOUBLE QUOTATION MARK} is no number. {how}",
            field=field,
        )
    return value


def _checked(values: list[float], whole: float) -> Box:
    """The box as fractions of the picture. `whole` is what stands for all of it: 1, or 100 where percents were given."""
    for name, value in zip(SIDES, values, strict=True):
        if not 0 <= value <= whole:
            what = "in percent of the picture" if whole > 1 else "as a fraction of the picture"
            raise BadInput(f"{name} must be from 0 to {whole:g}, {what}, but is {value:g}.", field=name)
    x0, y0, x1, y1 = (value / whole for value in values)
    for low, high, name, other, size in ((x0, x1, "x1", "x0", "width"), (y0, y1, "y1", "y0", "height")):
        if high - low < LEAST - 1e-9:
            raise BadInput(
                f"{name} must be greater than {other} by at least {LEAST * whole:g}, a hundredth of the picture\u2019s {size}.",
                field=name,
            )
    return x0, y0, x1, y1


Part = Annotated[Box | None, Depends(box_of)]
"""A box in the query, or none."""
