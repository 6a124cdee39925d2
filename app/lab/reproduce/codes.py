"""Can classes be told by three units each? "ImageNet codes" of Goh et al. 2021, on whatever classes the corpus records.

The article's codes have three units a class on average, and put the right one of ImageNet's 1,000 classes among the first five
for 56.4% of the images. Its probe with all units is not published; ours stands beside.
"""

from collections.abc import Generator

import numpy as np

from app.corpus.columns import Columns
from app.errors import NotReady
from app.lab.codes import STEPS, Codes, Level, Progress, coding, sampling, scores
from app.lab.multimodal import CONCEPT
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Claim, Row, Share

UNITS_EACH = 3.0
MOST_CLASSES, EACH, IMAGES = 1000, 100, 20_000  # all three at most
COLUMNS = (CONCEPT, "class")  # that say what an image shows

FIRST_FIVE = Claim(
    "codes: the right class among the first five, by three units a class",
    0.564,
    0.2,
    "the article's figure, for ImageNet",
    "of {units} held-out pictures",
)
BESIDE_DENSE = Claim(
    "codes: the right class first, as often as a dense probe has it",
    0.9,
    0.2,
    "our bar",
    "of the dense probe's on {units} held-out pictures",
)


def run(material: Material) -> Running:
    """Fit codes of one unit a class and more, until they have four."""
    columns = yield from material.columns()
    by = next((name for name in COLUMNS if name in columns.categories.columns), None)
    if by is None:
        raise NotReady(
            f"The corpus {material.need_index().manifest.name} has no label column {' or '.join(COLUMNS)}: without one "
            "there are no classes."
        )
    return rows((yield from _fitted(columns, by, material.need_clip().default_layer)))


def _fitted(columns: Columns, by: str, layer: str) -> Generator[Step, None, Codes]:
    most = min(len(columns.categories.values(by)), MOST_CLASSES)
    drawing = sampling(columns, by, most=most, images=min(EACH, IMAGES // most), seed=0)
    for found in coding(columns, layer, drawing, most_each=UNITS_EACH + 1):
        if isinstance(found, Codes):
            return found
        if isinstance(found, Progress):
            yield Step("fits of sparse codes", found.done + 1, STEPS)
    raise AssertionError("coding ends with the codes")


def rows(codes: Codes) -> list[Row]:
    """What the level with about three units a class does, and what it does once its weights are dealt to other units."""
    level = min(codes.levels, key=lambda each: abs(np.log(each.each / UNITS_EACH)))
    dealt = scores(
        codes.x[:, np.random.default_rng(0).permutation(codes.x.shape[1])] @ level.model.weight, codes.labels
    )
    own, dense, held = level.scores, codes.dense, len(codes.labels)
    beside = (
        f"{_of(level, codes)}, dense probe {dense.top5.share:.1%}, always the commonest {codes.chance.top5.share:.1%}"
    )
    figures = {"each": level.each, "dense": dense.top5.share or 0.0, "chance": codes.chance.top5.share or 0.0}
    five = FIRST_FIVE.row(Share(own.top5.count / held, dealt.top5.count / held, held), beside, figures)
    beside = (
        f"first {own.top1.share:.1%} ({own.top1.low:.1%} to {own.top1.high:.1%}), dense probe {dense.top1.share:.1%}"
    )
    figures = {"top1": own.top1.share or 0.0, "dense": dense.top1.share or 0.0}
    most = max(dense.top1.count, 1)
    first = BESIDE_DENSE.row(Share(own.top1.count / most, dealt.top1.count / most, held), beside, figures)
    return [five, first]


def _of(level: Level, codes: Codes) -> str:
    return f"{level.each:.1f} units a class, {len(codes.sample.names)} classes"


EXPERIMENT = Experiment((FIRST_FIVE, BESIDE_DENSE), run)
