"""Geometry of the charts of sparse codes: how well each level does, how strongly a unit speaks, and the tree of classes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.answers.codes import CodesLevel, Hierarchy

ROW, NAMES, TREE, SAID = 22, 118, 150, 90  # px: of a class, its name, the tree, and what is said beside it
LONGEST_NAME, LONGEST_LABEL = 16, 14  # characters
DOT = 9.0  # px, radius of the largest weight


@dataclass(frozen=True)
class Point:
    """A level on the curves, in percent of the drawing; `title` is what it says in words."""

    x: float
    top1: float
    top5: float
    url: str
    title: str


@dataclass(frozen=True)
class Curve:
    """All levels, and the lines through them in a drawing of 100 by 100."""

    points: list[Point]
    top1: str
    top5: str


@dataclass(frozen=True)
class Joint:
    """Where branches meet: the line through both, and the place of the `label`."""

    path: str
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Tree:
    """The tree in px: classes with their heights, and where they meet; `names` is where those of the classes end."""

    width: int
    height: int
    names: int
    leaves: list[tuple[float, str]]
    joints: list[Joint]


def curve(levels: Sequence[CodesLevel]) -> Curve:
    """How well levels do over the logarithm of their units a class."""
    logs = [math.log(level.each) for level in levels]
    low, span = min(logs), (max(logs) - min(logs)) or 1.0
    points = [
        Point(
            x=round(100 * (log - low) / span, 2),
            top1=height(level.top1.share),
            top5=height(level.top5.share),
            url=level.url,
            title=f"{level.each:.1f} units a class: {_percent(level.top1.share)} first, {_percent(level.top5.share)} "
            "among the first five",
        )
        for log, level in zip(logs, levels, strict=True)
    ]
    top1, top5 = (" ".join(f"{each.x:g},{getattr(each, name):g}" for each in points) for name in ("top1", "top5"))
    return Curve(points, top1, top5)


def height(share: float | None) -> float:
    """Where a share lies, in percent from the top."""
    return round(100 * (1 - (share or 0.0)), 2)


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0.0):.1f}%"


def radius(weight: float, largest: float) -> float:
    """Of a circle whose area is in proportion to the weight."""
    return round(DOT * math.sqrt(weight / largest), 2) if largest > 0 else 0.0


def tree(hierarchy: Hierarchy) -> Tree:
    """Classes down the left side; further right, the less alike are the branches that meet there."""
    places = {number: (0.0, ROW * (number + 0.5)) for number in range(len(hierarchy.leaves))}
    joints = []
    for number, branch in enumerate(hierarchy.branches, len(hierarchy.leaves)):
        (x1, y1), (x2, y2) = places.pop(branch.left), places.pop(branch.right)
        x = round(TREE * (1 - branch.cosine), 1)
        y = (y1 + y2) / 2
        places[number] = x, y
        path = f"M{NAMES + x1:g} {y1:g}H{NAMES + x:g}V{y2:g}H{NAMES + x2:g}"
        label = _short(branch.label or f"unit {branch.unit}", LONGEST_LABEL)
        joints.append(Joint(path, NAMES + x + 5, y, label))
    leaves = [(ROW * (number + 0.5), _short(name, LONGEST_NAME)) for number, name in enumerate(hierarchy.leaves)]
    return Tree(NAMES + TREE + SAID, ROW * len(leaves), NAMES - 8, leaves, joints)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
