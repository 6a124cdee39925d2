"""A gallery by a number of each unit: the cards are in its order and say it."""

import math

from app.microscope import Microscope
from app.microscope.sorting import SCORES

LAYER = "layer4.0"


def test_a_gallery_is_in_the_order_of_the_number_its_cards_show(shared: Microscope) -> None:
    for sort in (*SCORES, "strength"):
        first = shared.browser.layer_page("small", LAYER, sort=sort, limit=200)
        rest = shared.browser.layer_page("small", LAYER, sort=sort, limit=200, after=199)
        cards = [*first.units, *rest.units]
        assert sorted(card.unit for card in cards) == list(range(256))
        found = [math.inf if card.score is None else card.score for card in cards]
        known = [score for score in found if score < math.inf]
        assert len(known) > 200 and known == sorted(known, reverse=True), sort
        assert found[: len(known)] == known, "units without a number come last"
        assert first.sort == ("selectivity" if sort == "strength" else sort)
    assert {card.score for card in shared.browser.layer_page("small", LAYER, limit=9).units} == {None}
