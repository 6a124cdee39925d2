"""What a table of attacks counted, as answers and as a file: each text, and each style over all texts."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from app import urls
from app.answers.attack_table import AttackRow, Cost, Outcome, StyleTotal
from app.answers.counted import Counted
from app.corpus.listing import harmless
from app.lab.attack_counts import Cell, Counts, Kept, summed
from app.microscope.lab.counting import counted
from app.spec import AttackTableSpec
from app.spec.attack_table import STYLES


def outcome(counts: Counts) -> Outcome:
    """The counts of one classifier as shares with intervals."""

    def tested(count: int | None) -> Counted | None:
        return None if count is None else counted(count, counts.tested)

    return Outcome(
        success=counted(counts.success, counts.n),
        of_right=counted(counts.right_success, counts.right),
        tested=counted(counts.plain, counts.tested),
        blank=tested(counts.blank),
        scrambled=tested(counts.scrambled),
        ablated=counted(counts.ablated, counts.tested),
    )


def cost(kept: Kept | None) -> Cost | None:
    """What an ablation costs as shares with intervals."""
    if kept is None:
        return None
    return Cost(
        before=counted(kept.before, kept.n),
        after=counted(kept.after, kept.n),
        own_before=counted(kept.own_before, kept.own),
        own_after=counted(kept.own_after, kept.own),
    )


def answered(spec: AttackTableSpec, number: int, cell: Cell) -> AttackRow:
    """The row of a cell, by its place among those that were counted."""
    return AttackRow(
        number=number,
        target=cell.target,
        text=cell.text,
        style=cell.style,
        cover=cell.cover,
        zero_shot=outcome(cell.zero_shot),
        linear=outcome(cell.linear) if cell.linear else None,
        zero_shot_cost=cost(cell.zero_shot_kept),
        linear_cost=cost(cell.linear_kept),
        url=urls.attack_row(spec.id, number),
        attack_url=urls.lab(spec.model, "attack", text=cell.text, style=cell.style),
    )


def totals(cells: Sequence[Cell]) -> list[StyleTotal]:
    """Each style with all texts that were tried in it."""
    found = []
    for style in STYLES:
        of_style = [cell for cell in cells if cell.style == style]
        if of_style:
            linear = [cell.linear for cell in of_style if cell.linear]  # the probe may lack the class of some
            found.append(
                StyleTotal(
                    style=style,
                    texts=len(of_style),
                    cover=float(np.mean([cell.cover for cell in of_style])),
                    zero_shot=outcome(summed([cell.zero_shot for cell in of_style])),
                    linear=outcome(summed(linear)) if linear else None,
                    zero_shot_cost=_cost_of([cell.zero_shot_kept for cell in of_style]),
                    linear_cost=_cost_of([cell.linear_kept for cell in of_style]),
                )
            )
    return found


def _cost_of(kept: Sequence[Kept | None]) -> Cost | None:
    """What the ablations cost together; None as long as some was not counted."""
    known = [each for each in kept if each is not None]
    return cost(summed(known)) if known and len(known) == len(kept) else None


def as_csv(cells: Sequence[Cell]) -> bytes:
    """A table with a row for each text and style, all that was counted of it in pictures."""
    parts = ("zero_shot", "linear"), ("zero_shot_kept", "linear_kept")
    names = [
        f"{part}_{each.name}"
        for kinds, of in zip(parts, (Counts, Kept), strict=True)
        for part in kinds
        for each in fields(of)
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["target", "text", "style", "cover", "units", *names])
    for cell in cells:
        flat: dict[str, Any] = {}
        for part in (*parts[0], *parts[1]):
            counts = getattr(cell, part)
            flat |= {f"{part}_{name}": value for name, value in asdict(counts).items()} if counts else {}
        units = " ".join(str(each.unit) for each in cell.units)
        told = [harmless(cell.target), harmless(cell.text), cell.style, f"{cell.cover:.6f}", units]
        writer.writerow([*told, *(flat.get(name, "") for name in names)])
    return text.getvalue().encode()
