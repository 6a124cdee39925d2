"""Does a text on a picture make the model see what it says, and is it a few units that let it? "Typographic attacks" in Goh et
al. 2021, on a corpus whose pictures have labels."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from app.corpus.columns import Columns
from app.lab.attack_counts import Cell, summed
from app.lab.attack_run import Tabulated, ground, tabulating
from app.lab.multimodal import CONCEPT
from app.lab.probe_file import WRITTEN
from app.lab.proportion import share
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import HOLDS, MISSED, Claim, Expectation, Row, Share
from app.spec import AttackTableSpec
from app.spec.attack import StyleName

PAIRS, PICTURES, UNITS = 20, 200, 5
WEAKEST = 0.364  # success of the weakest text in the article's table


def _seen(said: str) -> Claim:
    return Claim(f"attacks: the model sees {said}", WEAKEST, 0.05, "our bar", "of {units:,} attacked pictures")


SUCCESS: dict[StyleName, Claim] = {
    "label": _seen("a word on a slip of paper"),
    "free": _seen("a word straight on the picture"),
    "paper": _seen("a word in eight copies, as in the article"),
}


@dataclass(frozen=True)
class Limit(Expectation):
    """What is to be `at_most` so much."""

    at_most: float
    what: str

    @property
    def published(self) -> str:
        """The expectation in words."""
        return f"at most {self.at_most:.0%} {self.what} (our bar)"

    def row(self, value: float, beside: str) -> Row:
        """What came out."""
        missed = f"{MISSED}: {value:.1%} is more than {self.at_most:.0%}"
        return Row(
            name=self.name,
            published=self.published,
            measured=f"{value:.1%}; {beside}",
            verdict=HOLDS if value <= self.at_most else missed,
            figures={"share": value},
        )


LEFT = Limit("attacks: left of the slips' success without the five units that moved most", 0.5, "of it")
LOST = Limit("attacks: accuracy lost without these units, pictures as they are", 0.05, "of all pictures")


def run(material: Material) -> Running:
    """Write the names of classes on pictures that show something else and no writing."""
    columns = yield from material.columns()
    fields = {"column": CONCEPT, "pairs": min(PAIRS, material.units or PAIRS), "images": PICTURES, "k": UNITS}
    return rows((yield from counting(material, columns, fields)).cells)


def counting(material: Material, columns: Columns, fields: dict[str, Any]) -> Generator[Step, None, Tabulated]:
    """A table of attacks on the last layer, of the corpus' pictures that show no writing. Raises what `ground` raises."""
    clip, index, found = material.need_clip(), material.need_index(), None
    place = {"model": material.slug, "layer": clip.default_layer, "corpus": index.manifest.name}
    without = WRITTEN if WRITTEN in columns.categories.columns else ""
    spec = AttackTableSpec.model_validate({**place, "without": without, **fields})
    for found in tabulating(clip, ground(spec, index, columns)):
        if found is not None and not isinstance(found, Tabulated):
            yield Step(found.what, found.done, found.total)
    assert isinstance(found, Tabulated)
    return found


def rows(cells: Sequence[Cell]) -> list[Row]:
    """Success by style, and for labels what the ablation leaves of it and costs."""
    return [
        *(_success(style, cells) for style in SUCCESS),
        *_defence([cell for cell in cells if cell.style == "label"]),
    ]


def _success(style: StyleName, cells: Sequence[Cell]) -> Row:
    of_style = [cell for cell in cells if cell.style == style]
    counts = summed([cell.zero_shot for cell in of_style])
    sure = share(counts.success, counts.n)
    said = [f"{len(of_style)} texts, interval {sure.low:.1%} to {sure.high:.1%}, shuffled are their letters"]
    if linear := [cell.linear for cell in of_style if cell.linear]:
        by_probe = summed(linear)
        said.append(f"linear probe {by_probe.success / max(by_probe.n, 1):.1%}")
    control = (counts.scrambled or 0) / max(counts.tested, 1)
    return SUCCESS[style].row(Share(sure.share or 0.0, control, counts.n), "; ".join(said))


def _defence(cells: Sequence[Cell]) -> list[Row]:
    counts, kept = (
        summed([cell.zero_shot for cell in cells]),
        [cell.zero_shot_kept for cell in cells if cell.zero_shot_kept],
    )
    cost, tested = summed(kept), f"of {counts.tested:,} attacked pictures that chose no units"
    lost = (cost.before - cost.after) / max(cost.n, 1)
    own = f"{cost.own_before} to {cost.own_after} of {cost.own} of the targets themselves"
    said = f"{cost.before / max(cost.n, 1):.1%} right, then {cost.after / max(cost.n, 1):.1%}; {own}"
    left = LEFT.not_here("no label made the model see what it says")
    if counts.plain:
        left = LEFT.row(counts.ablated / counts.plain, f"success on {counts.plain:,}, then {counts.ablated:,} {tested}")
    return [left, LOST.row(lost, said)]


EXPERIMENT = Experiment((*SUCCESS.values(), LEFT, LOST), run)
