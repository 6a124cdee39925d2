"""Does the unit that a word asks for most raise the word's logit? On the model that comes with Facetscope, for every concept
that its corpus records; beside it other units raised instead. `app/lab/causal.py` says how.
"""

import numpy as np

from app.corpus.columns import making
from app.errors import NotReady
from app.lab.causal import heights, rising
from app.lab.multimodal import CONCEPT
from app.lab.terms import of_words
from app.microscope import Microscope
from app.settings import Settings
from bench.rows import Row, Tell

SLUG = "iconclip"
GOAL = 0.9  # of the words; the paper confirmed it for every equation
OTHERS = 128


def measure(tell: Tell) -> list[Row]:
    """Raise the top unit of every word.

    Raises:
        NotReady: the corpus is not indexed.
    """
    microscope = Microscope(Settings(models=(SLUG,)))
    try:
        microscope.residents.load(SLUG)
        clip, index = microscope.residents.clip(SLUG), microscope.indexes.find(SLUG)
        if index is None:
            raise NotReady("No corpus of iconclip is indexed: run `index build` first.")
        for done, total in making(clip, index):
            tell(f"{done} of {total}")
        columns = microscope.column_desk.find(index)
        assert columns is not None
        words = columns.categories.values(CONCEPT)
        std = index.std(clip.default_layer)
    finally:
        microscope.close()
    units = [int(terms.order[0]) for terms in of_words(clip, words)]
    *_, found = rising(clip, words, units, heights(clip, std), OTHERS)
    assert isinstance(found, list)
    up, rise = [each.rise > 0 for each in found], [each.rise for each in found]
    note = f"{len(words)} words; by {np.mean(rise):.1f} on average, at least by {min(rise):.1f}"
    clear = np.mean([each.as_much <= 0.05 for each in found])
    instead = f"{OTHERS} units drawn by chance"
    return [
        Row("causal.up", float(np.mean(up)), "share of words whose logit rises", GOAL, note),
        Row("causal.up.instead", float(np.mean([each.by_chance for each in found])), "share", 0.5, instead, most=True),
        Row("causal.clear", float(clear), "share", GOAL, "rises more than with 95% of the others"),
    ]
