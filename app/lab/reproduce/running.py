"""Running the experiments one after the other: what is missing for one is said in its rows and stops no other."""

import time
from collections.abc import Generator, Sequence

from app.errors import FacetscopeError
from app.lab.reproduce import (
    attacks,
    captions,
    causal,
    codes,
    conditional,
    equations,
    published_attacks,
    published_captions,
    published_cosines,
    published_equations,
    published_regions,
    published_search,
    published_words,
    stroop,
    wild,
    words,
)
from app.lab.reproduce.experiment import Experiment
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Row

EXPERIMENTS: Sequence[Experiment] = (
    words.EXPERIMENT,
    captions.EXPERIMENT,
    conditional.EXPERIMENT,
    causal.EXPERIMENT,
    codes.EXPERIMENT,
    equations.EXPERIMENT,
    published_equations.EXPERIMENT,
    published_equations.OF_ATLAS,
    attacks.EXPERIMENT,
    published_attacks.COVER_EXPERIMENT,
    published_attacks.EXPERIMENT,
    published_words.EXPERIMENT,
    published_regions.EXPERIMENT,
    published_captions.EXPERIMENT,
    published_search.EXPERIMENT,
    published_cosines.EXPERIMENT,
    wild.EXPERIMENT,
    stroop.EXPERIMENT,
)


def reproducing(material: Material) -> Generator[Step | Row, None, None]:
    """Run every experiment: yields how far it is, and after each the rows of its claims."""
    for experiment in EXPERIMENTS:
        if experiment.compares and material.reference is None:
            continue
        begun = time.monotonic()
        try:
            found = yield from experiment.run(material)
        except FacetscopeError as error:
            found = [claim.not_here(error.detail) for claim in experiment.claims]
        seconds = round(time.monotonic() - begun, 1)
        yield from (row.model_copy(update={"seconds": seconds}) for row in found)
