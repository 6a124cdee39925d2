"""How far two people agree who sorted the same things into categories."""

from collections.abc import Mapping
from dataclasses import dataclass

from sklearn.metrics import cohen_kappa_score


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the things that both sorted: the share of equal categories, and Cohen's kappa ("A
    coefficient of agreement for nominal scales", 1960), which is 0 for what chance would give; None where it is not
    defined."""

    count: int
    equal: float
    kappa: float | None


def agreement(one: Mapping[int, str], other: Mapping[int, str]) -> Agreement | None:
    """The agreement of two people, number of a picture or unit -> category; None where they share none."""
    both = sorted(one.keys() & other.keys())
    if not both:
        return None
    first, second = [one[each] for each in both], [other[each] for each in both]
    equal = sum(a == b for a, b in zip(first, second, strict=True)) / len(both)
    defined = len({*first, *second}) > 1
    return Agreement(len(both), equal, float(cohen_kappa_score(first, second)) if defined else None)
