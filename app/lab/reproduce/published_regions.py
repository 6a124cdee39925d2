"""Do the names of places drive a paper's region units as the paper says? Of each of 66 units the fifteen strongest countries
and cities were published with their activations, behind figure 6; 19 of the units are RN50x4's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter
from scipy.stats import spearmanr
from torch import Tensor

from app.errors import NotFound, NotReady
from app.lab.fonts import lacks
from app.lab.place_names import FONT, naming
from app.lab.reproduce.compare import judged
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.reference import OPENAI, papers_architecture, read
from app.lab.reproduce.row import Claim, Row

FILE = "region_reference.json"
MODELS = {"RN50": "contrastive_rn50", "RN101": "contrastive_v2", "RN50x4": "contrastive_4x"}  # what the file calls them

Places = tuple[tuple[str, float], ...]


class RegionUnit(BaseModel):
    """What was published of a region unit: its strongest places, each with an activation from 0 to 254."""

    model_config = ConfigDict(frozen=True)

    model: str
    unit: int
    top_countries: Places
    top_cities: Places


COUNTRIES, CITIES = (
    Claim(
        f"published regions: the order of each unit's fifteen {places}, rank correlation",
        0.5,
        0.2,
        "our bar",
        "on average over {units} units",
        ".2f",
    )
    for places in ("countries", "cities")
)


def run(material: Material) -> Running:
    """Draw the names of all places that were published of the model's units, or as many as words are to be drawn."""
    assert material.reference is not None, "experiments that compare run only where a reference is given"
    clip = material.need_clip()
    units = published(material.reference, material.slug)
    if missing := [each.unit for each in units if each.unit >= clip.layer(clip.default_layer).channels]:
        raise NotReady(f"The reference speaks of unit {missing[0]}, which {clip.default_layer} has not.")
    places = dict.fromkeys(name for each in units for name, _ in (*each.top_countries, *each.top_cities))
    names = [name for name in places if not lacks(FONT, name)][: material.words]
    for found in naming(clip, clip.default_layer, names):
        if isinstance(found, Tensor):
            return rows(units, dict(zip(names, found, strict=True)))
        yield Step("place names drawn", *found)
    raise AssertionError("naming ends with what it found")


def published(folder: Path, slug: str) -> list[RegionUnit]:
    """The region units of a model's last layer, all of OpenAI's weights.

    Raises:
        NotFound: the file is not there, or says nothing of the model.
        NotReady: it cannot be read.
    """
    everything = read(folder / FILE, TypeAdapter(list[RegionUnit]), "region units")
    known = MODELS.get(papers_architecture(slug) or "")
    if not (units := [each for each in everything if each.model == known]):
        raise NotFound(
            f"No regions were published of {slug}, only of {', '.join(f'{each}.{OPENAI}' for each in MODELS)}."
        )
    return units


def rows(units: Sequence[RegionUnit], drawn: Mapping[str, Tensor]) -> list[Row]:
    """The published places beside what was measured of them: `drawn` has the activations [C] for each name."""

    def agreement(known: Places, unit: int) -> float:
        ours = [(value, float(drawn[name][unit])) for name, value in known if name in drawn]
        return rank_correlation(*zip(*ours, strict=True)) if ours else 0.0

    numbers = [each.unit for each in units]
    lost = {name for each in units for name, _ in (*each.top_countries, *each.top_cities) if name not in drawn}
    beside = f"{len(lost)} of the names not drawn" if lost else ""
    return [
        judged(COUNTRIES, [each.top_countries for each in units], numbers, agreement, beside),
        judged(CITIES, [each.top_cities for each in units], numbers, agreement, beside),
    ]


def rank_correlation(published: Sequence[float], measured: Sequence[float]) -> float:
    """Spearman's, -1 to 1; 0 where one of them does not differ."""
    if len(published) < 2 or not np.ptp(published) or not np.ptp(measured):
        return 0.0
    return float(spearmanr(published, measured).statistic)  # pyright: ignore[reportAttributeAccessIssue]


EXPERIMENT = Experiment((COUNTRIES, CITIES), run, compares=True)
