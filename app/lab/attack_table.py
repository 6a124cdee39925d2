"""How often does a text on a picture make a model see the class it names? Counted over many pictures, texts and styles.

Goh et al. 2021, "Typographic attacks" and the table of figure 16. An attack succeeds where the likeliest class becomes the
target and was not before. Beside it stand two controls, a slip of paper with nothing on it and one with the same letters in
another order, and a defence: the units that the text moved most are held at what they do on average. They are chosen on one
half of the pictures and tested on the other, so that nothing is chosen on what it is tested on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from app.clip.edits import Edit, ablated
from app.clip.onward import Reached
from app.lab.attack_counts import Cell, Counts, Example, Kept, Moved, Pair
from app.lab.judges import UNKNOWN, Judges
from app.lab.overlay import STYLES, cover, overlaid, scrambled
from app.spec.attack import By, StyleName

BATCH = 8  # pictures: a step is one look at them
EXAMPLES = 3  # pictures that show what came of an attack: the first tested ones, whatever came of it
WITH_SLIP: StyleName = "label"  # the style that leaves something to see when nothing is written

Pictures = Callable[[Sequence[int]], list[Image.Image]]
"""From places among a table's pictures to these pictures as the model sees them."""


@dataclass(frozen=True, eq=False)
class Scale:
    """The units over the corpus, `mean` and `std` [C], and what one unit of activation adds to each class' logit beyond the mean
    class', `scores` [K, C]; None where that is not known of the layer."""

    mean: Tensor
    std: Tensor
    scores: Tensor | None


class AttackTable:
    """The attacks on some pictures. Call `look` first; everything yields how many pictures were seen, batch by batch.

    Args:
        truth: [N], the class of each picture, `UNKNOWN` for those of none that is told apart.
        count: How many units are ablated.
        by: Which: the logit is the target's beyond the mean class'.
    """

    def __init__(
        self,
        judges: Judges,
        names: Sequence[str],
        pictures: Pictures,
        truth: NDArray[np.integer],
        scale: Scale,
        *,
        count: int,
        by: By,
    ) -> None:
        self.judges, self.names, self.pictures = judges, list(names), pictures
        self.truth, self.scale, self.count, self.by = truth, scale, count, by
        places = np.arange(len(truth))
        self.halves = places[::2], places[1::2]  # units are chosen on the first and tested on the second
        self.clean = np.empty((2, len(truth)), np.int64)
        self.blank: NDArray[np.int64] | None = None
        self.units = torch.empty(len(truth), 2, len(scale.mean))

    def cost(self, styles: Sequence[StyleName], pairs: Sequence[Pair]) -> int:
        """How many pictures all of it looks at, with one attack for each of the pairs."""
        as_they_are = len(self.truth) + len(self.halves[1]) * (WITH_SLIP in styles) + len(self._known())
        return as_they_are + sum(len(first) + 2 * len(second) for first, second in map(self._aimed_at, pairs))

    def look(self, styles: Sequence[StyleName]) -> Iterator[int]:
        """Look at the pictures as they are, and at the tested half with an empty slip."""
        for batch in _batches(np.arange(len(self.truth))):
            reached = self.judges.see(self.pictures(batch.tolist()))
            self.clean[:, batch] = self.judges.tops(reached)
            self.units[batch] = _means(reached)
            yield len(batch)
        if WITH_SLIP in styles:
            self.blank = np.full_like(self.clean, UNKNOWN)
            for batch in _batches(self.halves[1]):
                slips = _written(self.pictures(batch.tolist()), "", WITH_SLIP)
                self.blank[:, batch] = self.judges.tops(self.judges.see(slips))
                yield len(batch)

    def attack(self, pair: Pair, style: StyleName) -> Iterator[int | Cell]:
        """Write a text on every picture that does not show the target; at the end what came of it."""
        target, mixed = self.names.index(pair.target), scrambled(pair.text)
        first, second = self._aimed_at(pair)
        tops = {name: np.full_like(self.clean, UNKNOWN) for name in ("plain", "ablated", "scrambled")}
        moved, covered = torch.zeros_like(self.units[0]), 0.0
        for batch in _batches(first):
            before = self.pictures(batch.tolist())
            after = _written(before, pair.text, style)
            reached = self.judges.see(after)
            tops["plain"][:, batch] = self.judges.tops(reached)
            moved += (_means(reached) - self.units[batch]).sum(0)
            covered += cover(before, after) * len(batch)
            yield len(batch)
        moved /= max(len(first), 1)
        units = self.moved_most(moved, target)
        for batch in _batches(second):
            before = self.pictures(batch.tolist())
            after = _written(before, pair.text, style)
            reached = self.judges.see(after)
            tops["plain"][:, batch] = self.judges.tops(reached)
            tops["ablated"][:, batch] = self.judges.tops(reached.edited(self.held(units)))
            covered += cover(before, after) * len(batch)
            yield len(batch)
            tops["scrambled"][:, batch] = self.judges.tops(self.judges.see(_written(before, mixed, style)))
            yield len(batch)
        if mixed == pair.text:  # nothing to mix
            del tops["scrambled"]
        if style == WITH_SLIP and self.blank is not None:
            tops["blank"] = self.blank
        zero_shot, linear = (self._counts(which, target, (first, second), tops) for which in range(2))
        views = (self.clean, tops["plain"], tops["ablated"])
        sd = (moved[0] / self.scale.std).tolist()
        yield Cell(
            target=pair.target,
            text=pair.text,
            style=style,
            cover=covered / max(len(first) + len(second), 1),
            units=tuple(Moved(unit, sd[unit]) for unit in units),
            zero_shot=zero_shot,
            linear=linear if self.judges.probe is not None and target in self.judges.numbers else None,
            examples=tuple(Example(int(p), *(int(view[0, p]) for view in views)) for p in second[:EXAMPLES]),
        )

    def moved_most(self, moved: Tensor, target: int) -> list[int]:
        """The units that a text moved most, upwards: `moved` [2, C] is by how much, before the last ReLU and after it. What they
        hand on, and so what they add to a logit, is after it."""
        by = moved[0] / self.scale.std
        if self.by == "logit":
            assert self.scale.scores is not None, "the instrument asks for it at the last layer alone"
            by = moved[1] * self.scale.scores[target]
        return by.topk(min(self.count, len(by))).indices.tolist()

    def held(self, units: Sequence[int]) -> Edit:
        """Units at what they do on average over the corpus, everywhere."""
        return ablated(units, self.scale.mean[list(units)])

    def keep(self, cells: Sequence[Cell]) -> Iterator[int | list[Cell]]:
        """What each cell's ablation costs on the tested half as it is; at the end the cells with that filled in."""
        known = self._known()
        after = np.full((len(cells), *self.clean.shape), UNKNOWN)
        for batch in _batches(known):
            reached = self.judges.see(self.pictures(batch.tolist()))
            for number, cell in enumerate(cells):
                units = [each.unit for each in cell.units]
                after[number][:, batch] = self.judges.tops(reached.edited(self.held(units)))
                yield 0  # so that other work may go in between
            yield len(batch)
        yield [
            replace(
                cell,
                zero_shot_kept=self._kept(0, cell, known, after[number, 0]),
                linear_kept=self._kept(1, cell, known, after[number, 1]) if self.judges.probe is not None else None,
            )
            for number, cell in enumerate(cells)
        ]

    def _aimed_at(self, pair: Pair) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """The pictures of each half that do not show the target."""
        first, second = (half[self.truth[half] != self.names.index(pair.target)] for half in self.halves)
        return first, second

    def _known(self) -> NDArray[np.integer]:
        """The tested pictures whose class is among those that are told apart."""
        return self.halves[1][self.truth[self.halves[1]] != UNKNOWN]

    def _counts(
        self,
        which: int,
        target: int,
        halves: tuple[NDArray[np.integer], NDArray[np.integer]],
        tops: Mapping[str, NDArray[np.integer]],
    ) -> Counts:
        chosen, tested, clean = np.concatenate(halves), halves[1], self.clean[which]
        right = chosen[(clean[chosen] == self.truth[chosen]) & (self.truth[chosen] != UNKNOWN)]

        def success(name: str, among: NDArray[np.integer]) -> int:
            return int(((tops[name][which][among] == target) & (clean[among] != target)).sum())

        return Counts(
            n=len(chosen),
            already=int((clean[chosen] == target).sum()),
            success=success("plain", chosen),
            right=len(right),
            right_success=success("plain", right),
            tested=len(tested),
            plain=success("plain", tested),
            ablated=success("ablated", tested),
            blank=success("blank", tested) if "blank" in tops else None,
            scrambled=success("scrambled", tested) if "scrambled" in tops else None,
        )

    def _kept(self, which: int, cell: Cell, known: NDArray[np.integer], after: NDArray[np.integer]) -> Kept:
        truth = self.truth[known]
        before_right, after_right = self.clean[which][known] == truth, after[known] == truth
        own = truth == self.names.index(cell.target)
        return Kept(
            n=len(known),
            before=int(before_right.sum()),
            after=int(after_right.sum()),
            own=int(own.sum()),
            own_before=int(before_right[own].sum()),
            own_after=int(after_right[own].sum()),
        )


def _means(reached: Reached) -> Tensor:
    """The spatial means of the units before the last ReLU and after it, [B, 2, C], on the CPU."""
    return torch.stack([reached.units(), reached.map.relu().mean((2, 3))], dim=1).float().cpu()


def _written(pictures: Sequence[Image.Image], text: str, style: StyleName) -> list[Image.Image]:
    return [overlaid(each, text, STYLES[style]) for each in pictures]


def _batches(places: NDArray[np.integer]) -> Iterator[NDArray[np.integer]]:
    for start in range(0, len(places), BATCH):
        yield places[start : start + BATCH]
