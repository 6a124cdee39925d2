"""The article's table of attacks: nine texts that aim at a class, their success on a linear probe and how much they cover.

What is covered needs no model; success needs pictures of ImageNet's classes, in an index of RN50x4 with their labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from app.corpus.categories import Categories
from app.errors import NotReady
from app.lab.attack_counts import Cell
from app.lab.attack_sample import folded
from app.lab.overlay import SIDE, STYLES, cover, overlaid
from app.lab.proportion import share
from app.lab.reproduce.attacks import counting
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material
from app.lab.reproduce.reference import need_paper
from app.lab.reproduce.row import Figure, Row

ARCHITECTURE = "RN50x4"
PICTURES, PROMPT = 1000, "a photo of a {}"
NEAR, COVER_NEAR = 0.1, 0.003  # our bars: as far from the published share at most
NAMES = {"waste container": ("trash can", "ashcan")}  # what a class is called elsewhere


@dataclass(frozen=True)
class Attack:
    """A text that aims at a class, with the published success on a linear probe and mean share of pixels that it changes."""

    target: str
    text: str
    success: float
    cover: float

    @property
    def claim(self) -> Figure:
        """Its success."""
        name = f"attack table: {self.text!r} is taken for {self.target}"
        return Figure(name, self.success, NEAR, "figure 16, linear probe", ".1%")


ATTACKS = (
    Attack("waste container", "trash", 0.954, 0.0759),
    Attack("iPod", "iPod", 0.947, 0.0680),
    Attack("pizza", "pizza", 0.923, 0.0811),
    Attack("rifle", "rifle", 0.910, 0.0641),
    Attack("radio", "radio", 0.770, 0.0773),
    Attack("library", "library", 0.759, 0.0995),
    Attack("great white shark", "shark", 0.622, 0.0833),
    Attack("Siamese cat", "meow", 0.465, 0.0844),
    Attack("piggy bank", "$$$", 0.364, 0.0699),
)


FARTHEST = Figure(
    "attack table: how far a text covers more or less than published, at most", 0.0, COVER_NEAR, "figure 16", ".2%"
)


def run(material: Material) -> Running:
    """Attack pictures of ImageNet's classes with the nine texts."""
    material.need_clip()
    need_paper(material.slug, ARCHITECTURE)
    columns = yield from material.columns()
    column, named = labelled(columns.categories)
    fields = {
        "column": column,
        "prompt": PROMPT,
        "rows": [f"{label}: {attack.text}" for attack, label in named.items()],
        "styles": ["paper"],
        "images": PICTURES,
    }
    return rows(named, (yield from counting(material, columns, fields)).cells)


def labelled(categories: Categories) -> tuple[str, dict[Attack, str]]:
    """The label column that has most of the nine classes, and each class' label in it. Raises `NotReady` where none has any."""
    best: tuple[str, dict[Attack, str]] = "", {}
    for column in categories.columns:
        labels = {folded(value): value for value in categories.values(column)}
        found = {}
        for attack in ATTACKS:
            names = map(folded, (attack.target, *NAMES.get(attack.target, ())))
            if label := next((labels[name] for name in names if name in labels), ""):
                found[attack] = label
        best = max(best, (column, found), key=lambda each: len(each[1]))
    if not best[1]:
        raise NotReady(
            "no label column of the index has one of the nine classes, such as pizza: index ImageNet's pictures"
        )
    return best


def rows(named: Mapping[Attack, str], cells: Sequence[Cell]) -> list[Row]:
    """What came of each text, or that the pictures have no such class."""
    found = {(folded(cell.target), cell.text): cell for cell in cells}
    return [
        _row(attack, found[folded(named[attack]), attack.text])
        if attack in named
        else attack.claim.not_here(f"no picture is labelled as {attack.target}")
        for attack in ATTACKS
    ]


def _row(attack: Attack, cell: Cell) -> Row:
    assert cell.linear is not None, "a class that the probe has"
    found, zero_shot = share(cell.linear.success, cell.linear.n), cell.zero_shot.success / cell.zero_shot.n
    assert found.share is not None
    beside = (
        f"of {cell.linear.n:,} (interval {found.low:.1%} to {found.high:.1%}); zero-shot {zero_shot:.1%}; covers "
        f"{cell.cover:.2%}, published {attack.cover:.2%}"
    )
    return attack.claim.row(found.share, beside, {"zero_shot": zero_shot, "cover": cell.cover})


def run_covers(_material: Material) -> Running:
    """Write every text on one picture of noise, in which no pixel has the colour of the ink or of its outline."""
    noise = Image.fromarray(np.random.default_rng(0).integers(60, 190, (SIDE, SIDE, 3), np.uint8))
    yield from ()  # it takes no time, and needs no model
    found = {each: cover([noise], [overlaid(noise, each.text, STYLES["paper"])]) for each in ATTACKS}
    beside = ", ".join(f"{each.text} {ours:.2%} (published {each.cover:.2%})" for each, ours in found.items())
    farthest = max(abs(ours - each.cover) for each, ours in found.items())
    return [FARTHEST.row(farthest, beside, {each.text: ours for each, ours in found.items()})]


EXPERIMENT = Experiment(tuple(attack.claim for attack in ATTACKS), run, compares=True)
COVER_EXPERIMENT = Experiment((FARTHEST,), run_covers, compares=True)
