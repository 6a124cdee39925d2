"""Do families that clustering finds agree with those that a corpus records? On the model that comes with Facetscope.

They are made as the server makes them, from the index, columns and labels of a data folder. Compared are the units of which
half of the strongest images are of one recorded family, and that were put into some family; beside it the same with the
recorded families dealt out anew.
"""

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from app.errors import NotReady
from app.lab.grouped import making
from app.microscope import Microscope
from app.microscope.families import AGREEING, COLUMN
from app.microscope.indexes import labels
from app.settings import Settings
from bench.rows import Row, Tell

SLUG = "iconclip"
HINT = "Families are made of labels, which take minutes: run `index build`, `index columns` and `label build` of iconclip first."
GOALS = {"nmi": 0.5, "own": 0.7}  # of what is recorded


def measure(tell: Tell) -> list[Row]:
    """Agreement on the last block.

    Raises:
        NotReady: the index, its columns or its labels are not there.
    """
    microscope = Microscope(Settings(models=(SLUG,)))
    try:
        microscope.residents.load(SLUG)
        clip, index = microscope.residents.clip(SLUG), microscope.indexes.find(SLUG)
        layer = clip.default_layer
        columns = microscope.column_desk.find(index)
        if index is None or columns is None or microscope.label_desk.find(index, layer) is None:
            raise NotReady(HINT)
        for done, total in making(clip, index, columns, [layer]):
            tell(f"{done} of {total}")
        found = microscope.family_desk.find(index, layer)
        assert found is not None
        recorded = np.array(labels(index, layer, COLUMN, agreeing=AGREEING))
    finally:
        microscope.close()
    member = np.full(len(recorded), -1)
    for number, family in enumerate(found.families):
        member[list(family.units)] = number
    kept = (recorded != "") & (member >= 0)
    truth, own = recorded[kept], member[kept]
    shuffled = np.random.default_rng(0).permutation(truth)
    note = f"{kept.sum()} of {(recorded != '').sum()} units of {layer} in {len(found.families)} families, {found.loose} loose"
    ways = {"": (truth, GOALS), ".shuffled": (shuffled, {})}
    return [
        row
        for name, (known, goals) in ways.items()
        for row in (
            Row(f"families.ari{name}", float(adjusted_rand_score(known, own)), "", None, note),
            Row(f"families.nmi{name}", float(normalized_mutual_info_score(known, own)), "", goals.get("nmi"), note),
            Row(
                f"families.own{name}",
                _own(known, own),
                "share whose family's majority is theirs",
                goals.get("own"),
                note,
            ),
        )
    ]


def _own(truth: np.ndarray, member: np.ndarray) -> float:
    """The share of units whose family's majority is of their own recorded family."""
    right = 0
    for family in np.unique(member):
        _, counts = np.unique(truth[member == family], return_counts=True)
        right += int(counts.max())
    return right / len(truth)
