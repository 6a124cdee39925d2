"""Agreement of two people, against hand computations."""

import pytest

from app.lab.agreement import agreement


def test_two_people_agree_as_cohen_counts_it() -> None:
    one = {1: "cat", 2: "cat", 3: "dog", 4: "dog", 9: "cat"}
    other = {1: "cat", 2: "dog", 3: "dog", 4: "dog", 7: "cat"}
    found = agreement(one, other)
    assert found is not None
    assert (found.count, found.equal) == (4, 0.75)
    # by chance: cat 2/4 * 1/4, dog 2/4 * 3/4: 1/2; kappa = (3/4 - 1/2) / (1 - 1/2)
    assert found.kappa == pytest.approx(0.5)


def test_agreement_that_cannot_be_told_from_chance_has_no_kappa() -> None:
    found = agreement({1: "cat", 2: "cat"}, {1: "cat", 2: "cat"})
    assert found is not None
    assert found.equal == 1
    assert found.kappa is None
    assert agreement({1: "cat"}, {2: "cat"}) is None
