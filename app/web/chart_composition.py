"""Geometry of the atlas and of an equation's bars, in user units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.answers.composition import AtlasWord, EquationTerm

CELL = 60.0
LARGEST, SMALLEST, WIDE = 12.0, 6.0, 0.52  # of letters: their size, and how wide one is beside it
MARGIN = 5.0
WIDEST = 780.0  # of what a cell says
BAR = 100.0
DARK = 0.18  # relative luminance: below it white letters stand out more than black ones


@dataclass(frozen=True)
class Cell:
    """A cell of the atlas: its upper left corner, its word broken into `lines` (each with its baseline), their size. On a
    `dark` colour letters have to be white to be read."""

    word: AtlasWord
    x: float
    y: float
    lines: list[tuple[str, float]]
    size: float
    dark: bool


@dataclass(frozen=True)
class Atlas:
    """The disc; what a cell says stands below it, from `said_at` on, and has room however few cells there are."""

    width: float
    height: float
    said_at: float
    cells: list[Cell]


def atlas(words: Sequence[AtlasWord]) -> Atlas:
    """Lay the cells out, row by row from the top: the order in which the keyboard walks through them."""
    radius = max(max(abs(word.x), abs(word.y)) for word in words)
    side = (2 * radius + 1) * CELL
    width = max(side, WIDEST)
    ordered = sorted(words, key=lambda word: (-word.y, word.x))
    cells = [_cell(word, word.x * CELL + (width - CELL) / 2, (radius - word.y) * CELL) for word in ordered]
    return Atlas(width, side + 74, side + 34, cells)


def _cell(word: AtlasWord, x: float, y: float) -> Cell:
    parts = word.word.split() if len(word.word) > 8 else [word.word]
    size = (CELL - MARGIN) / (WIDE * max(map(len, parts)))
    size = round(max(SMALLEST, min(LARGEST, size, (CELL - MARGIN) / (1.15 * len(parts)))), 2)
    first = y + CELL / 2 + 0.35 * size - 1.15 * size * (len(parts) - 1) / 2
    lines = [(part, round(first + 1.15 * size * number, 2)) for number, part in enumerate(parts)]
    return Cell(word, x, y, lines, size, bool(word.colour) and _luminance(word.colour) < DARK)


def _luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, from 0 to 1, as the WCAG define it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def bars(terms: Sequence[EquationTerm]) -> list[float]:
    """The heights of an equation's bars, in percent: the largest weight of either sign is 100."""
    largest = max((abs(term.weight) for term in terms), default=1.0)
    return [round(BAR * abs(term.weight) / largest, 2) for term in terms]
