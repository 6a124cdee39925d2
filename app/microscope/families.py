"""A layer's units by family: the paper's, and the `family` that a corpus records of the pictures that drive a unit most."""

from collections import Counter
from collections.abc import Callable, Sequence

from app.answers.layer import FamilyLink
from app.corpus.index import Index
from app.lab.published import published
from app.microscope.indexes import LABEL_EXAMPLES, labels

COLUMN = "family"
OTHER = "other"
AGREEING = LABEL_EXAMPLES // 2  # a family is broad: a third of the examples would often share one by chance


def families(slug: str, index: Index | None, layer: str) -> tuple[str, ...]:
    """The family of each unit of a layer: what the paper published, else what its strongest examples agree on, `OTHER` where
    there is neither.

    Empty where there is no index, or no unit of it has a family: then there is nothing to sort by.
    """
    found = labels(index, layer, COLUMN, agreeing=AGREEING) if index else ()
    said = {unit: known.families[0] for unit, known in published(slug, layer).items() if known.families}
    units = range(max(len(found), max(published(slug, layer), default=-1) + 1))
    names = [said.get(unit) or (found[unit] if unit < len(found) else "") for unit in units]
    return tuple(name or OTHER for name in names) if any(names) else ()


def within(family: str | None, names: Sequence[str], units: Sequence[int]) -> list[int]:
    """Those of the units whose name is the family's, in their order; all of them where no family is given."""
    return [unit for unit in units if not family or (names and names[unit] == family)]


def links(
    names: Sequence[str], units: Sequence[int], chosen: str | None, address: Callable[[str], str]
) -> list[FamilyLink]:
    """The families of the given units by name, `OTHER` last, each with how many units it has and its address.

    The chosen family is among them even where none of the units is in it.
    """
    counts = Counter(names[unit] for unit in units) if names else Counter[str]()
    if chosen:
        counts.setdefault(chosen, 0)
    ordered = sorted(counts, key=lambda name: (name == OTHER, name))
    return [FamilyLink(name=name, units=counts[name], url=address(name)) for name in ordered]
