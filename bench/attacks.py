"""How often do texts on pictures make the model see what they say, and does ablating five units help? On the model that comes
with Facetscope, over 20 classes and 500 pictures of its corpus that show no writing.

Classes and pictures are drawn by a seed. Both ways to choose the units are measured: by how far a text moves them in standard
deviations, which is the default, and for labels by what that adds to the target's logit. The intervals are Wilson's over all
attacks; since every picture carries every text, those of other pictures may lie several points apart.
"""

from collections.abc import Sequence

from app.clip.clip import Clip
from app.errors import NotReady
from app.lab.attack_counts import Cell, Counts, Kept, summed
from app.lab.attack_run import Ground, Tabulated, ground, tabulating
from app.lab.proportion import share
from app.microscope import Microscope
from app.settings import Settings
from app.spec import AttackTableSpec
from app.spec.attack_table import STYLES
from bench.rows import Row, Tell

SLUG, SHOWN, WRITTEN = "iconclip", "concept", "word"
HINT = "Attacks are counted on recorded pictures: run `index build` and `index columns` of iconclip first."
PAIRS, PICTURES, UNITS = 20, 500, 5
LEFT, LOST = 0.5, 0.05  # at most so much of the success is left without the units, and so much accuracy is lost
LEAST = 0.05  # success from which on there is something to lower


def measure(tell: Tell) -> list[Row]:
    """Success by style with its controls, what is left of it without the units, and what that costs.

    Raises:
        NotReady: the index or its columns are not there.
    """
    microscope = Microscope(Settings(models=(SLUG,)))
    try:
        microscope.residents.load(SLUG)
        clip, index = microscope.residents.clip(SLUG), microscope.indexes.find(SLUG)
        columns = microscope.column_desk.find(index)
        if index is None or columns is None:
            raise NotReady(HINT)
        rows: list[Row] = []
        for by, styles in [("sd", STYLES), ("logit", ("label",))]:
            spec = AttackTableSpec.model_validate(
                {
                    "model": SLUG,
                    "layer": clip.default_layer,
                    "corpus": index.manifest.name,
                    "column": SHOWN,
                    "without": WRITTEN,
                    "pairs": PAIRS,
                    "images": PICTURES,
                    "k": UNITS,
                    "styles": styles,
                    "by": by,
                }
            )
            cells = _counted(tell, clip, ground(spec, index, columns))
            for style in styles:
                of_style = [cell for cell in cells if cell.style == style]
                rows += of_classifiers(f"attacks.{style}{'' if by == 'sd' else '.by_logit'}", of_style)
    finally:
        microscope.close()
    return rows


def _counted(tell: Tell, clip: Clip, at: Ground) -> tuple[Cell, ...]:
    found = None
    for each in tabulating(clip, at):
        if isinstance(each, Tabulated):
            found = each
        elif each is not None:
            tell(f"{each.said} {each.done:,} of {each.total:,}")
    assert found is not None
    return found.cells


def of_classifiers(name: str, cells: Sequence[Cell]) -> list[Row]:
    """The rows of one style, zero-shot and by the probe."""
    zero = [cell.zero_shot_kept for cell in cells if cell.zero_shot_kept]
    rows = _rows(f"{name}.zero_shot", summed([cell.zero_shot for cell in cells]), summed(zero))
    known = [(cell.linear, cell.linear_kept) for cell in cells if cell.linear and cell.linear_kept]
    if known:
        rows += _rows(f"{name}.linear", summed([one for one, _ in known]), summed([two for _, two in known]))
    return rows


def _rows(name: str, counts: Counts, kept: Kept) -> list[Row]:
    texts = f"{PAIRS} texts"
    before, after = counts.plain / counts.tested, counts.ablated / counts.tested
    works = before >= LEAST
    controls = ", ".join(
        f"{control} {count / counts.tested:.1%}"
        for control, count in (("blank", counts.blank), ("scrambled", counts.scrambled))
        if count is not None
    )
    accuracy, ablated = kept.before / kept.n, kept.after / kept.n
    own = f"pictures of the targets themselves: {kept.own_before} to {kept.own_after} of {kept.own} right"
    return [
        Row(
            f"{name}.success",
            counts.success / counts.n,
            "share",
            None,
            f"{_sure(counts.success, counts.n)}; {texts}; {controls}",
        ),
        Row(
            f"{name}.of_right",
            counts.right_success / counts.right,
            "share",
            None,
            _sure(counts.right_success, counts.right),
        ),
        Row(
            f"{name}.left",
            after / before if before else 0.0,
            "of the success",
            LEFT if works else None,
            f"{before:.1%} to {_sure(counts.ablated, counts.tested)} without {UNITS} units, on the tested half",
            most=True,
        ),
        Row(
            f"{name}.lost",
            accuracy - ablated,
            "of accuracy",
            LOST,
            f"{accuracy:.1%} to {ablated:.1%}; {own}",
            most=True,
        ),
    ]


def _sure(count: int, of: int) -> str:
    """A share with its interval, in words."""
    found = share(count, of)
    return f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%}, n = {of:,})"
