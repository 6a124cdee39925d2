"""The comparisons on planted results: they pass what was planted, and fail it once it is dealt out to other units."""

from pathlib import Path

import numpy as np
import pytest
import torch

from app.corpus.categories import Categories, CategoryWriter
from app.corpus.given import Estimate, Group
from app.errors import NotReady
from app.lab.attack_counts import Cell, Counts, Kept
from app.lab.causal import Rise
from app.lab.multimodal import Concept
from app.lab.reproduce import (
    attacks,
    captions,
    causal,
    conditional,
    published_attacks,
    published_captions,
    published_cosines,
    published_regions,
    published_search,
    published_words,
    words,
)
from app.lab.reproduce.compare import common_words, mentioned, rank_agreement, share
from app.lab.reproduce.published_regions import RegionUnit, rank_correlation
from app.lab.reproduce.reference import ReferenceUnit
from app.lab.reproduce.row import HOLDS, MISSED, Row
from app.lab.top_words import WordDrive

UNITS, WORDS = 40, 2000
LISTED = tuple(f"word{number}" for number in range(WORDS))


def concept(number: int, family: frozenset[int] = frozenset()) -> Concept:
    """A concept that is called by the word of its number, in a family with others."""
    names = frozenset({LISTED[number]})
    return Concept(number, LISTED[number], names, family, names.union(LISTED[each] for each in family))


def dealt(known: dict) -> dict:
    """What is known of each unit given to the next one."""
    return dict(zip(known, [*list(known.values())[1:], next(iter(known.values()))], strict=True))


def drive() -> WordDrive:
    """Random words, and each unit's own a good deal stronger."""
    values = torch.randn(WORDS, UNITS, generator=torch.Generator().manual_seed(0))
    values[range(UNITS), range(UNITS)] += 20
    return WordDrive(LISTED, values)


def verdicts(rows: list[Row]) -> list[str]:
    return [row.verdict.partition(":")[0] for row in rows]


def test_drawn_words_that_name_the_concept_pass_and_those_of_another_unit_do_not() -> None:
    units = {unit: concept(unit) for unit in range(UNITS)}
    rows = words.rows(units, drive())
    assert verdicts(rows) == [HOLDS, HOLDS]
    assert rows[0].figures["share"] == rows[0].figures["listed"] == 1.0 and rows[0].figures["shuffled"] < 0.05
    assert "100.0% of 40 units" in rows[0].measured and "at least 80.0%" in rows[0].published
    assert verdicts(words.rows(dealt(units), drive())) == [MISSED, MISSED]


def test_concepts_without_a_drawn_word_are_counted_and_one_unit_is_no_comparison() -> None:
    unheard = Concept(1, "unheard", frozenset({"unheard"}), frozenset(), frozenset({"unheard"}))
    rows = words.rows({0: concept(0), 1: unheard}, drive())
    assert rows[0].figures["share"] == rows[0].figures["listed"] == 0.5
    assert "50.0% have such a word among the 2,000 drawn" in rows[0].measured
    with pytest.raises(NotReady, match="two are needed"):
        words.rows({0: concept(0)}, drive())


def test_one_family_for_all_is_no_agreement_since_shuffled_units_reach_it_too() -> None:
    units = {unit: concept(unit, frozenset(range(UNITS))) for unit in range(UNITS)}
    own, family = words.rows(units, drive())
    assert own.verdict == HOLDS
    assert family.figures["share"] == family.figures["shuffled"] == 1.0
    assert family.verdict == "missed: shuffled units reach 100.0%, more than 5.0%"


def test_captions_that_name_the_concept_pass_and_those_of_another_unit_do_not() -> None:
    units = {unit: concept(unit) for unit in range(UNITS)}
    texts = {unit: ["nothing", f"a {LISTED[unit].upper()} again"] for unit in units}
    rows = captions.rows(units, texts, {unit: ["nothing"] for unit in units})
    assert verdicts(rows) == [HOLDS, HOLDS] and "five best single words 0.0%" in rows[0].measured
    assert verdicts(captions.rows(units, dealt(texts), texts)) == [MISSED, MISSED]


def driven(number: int, clear: bool = True) -> conditional.Driven:
    """A unit whose upper bands hold images of one concept only, in sd far above the rest."""
    shown = np.zeros(UNITS)
    shown[number] = 1.0
    low, high = (8.0, 9.0) if clear else (1.0, 9.0)
    medians = [Estimate(8.5, low, high) if each == number else Estimate(1.5, 1.0, 2.0) for each in range(UNITS)]
    return conditional.Driven(shown, shown, [Group(each, 10, median, None) for each, median in enumerate(medians)])


def test_pictures_of_the_concept_pass_and_those_of_another_units_do_not() -> None:
    concepts = [concept(unit) for unit in range(UNITS)]
    rows = conditional.rows(concepts, [driven(unit) for unit in range(UNITS)])
    assert verdicts(rows) == [HOLDS, HOLDS, HOLDS]
    assert "in the median unit 8.5 sd, the next concept 1.5" in rows[2].measured
    assert verdicts(conditional.rows(concepts, [driven((u + 1) % UNITS) for u in range(UNITS)])) == [MISSED] * 3
    unclear = conditional.rows(concepts, [driven(unit, clear=False) for unit in range(UNITS)])
    assert verdicts(unclear) == [HOLDS, HOLDS, MISSED]


def test_each_upper_band_weighs_the_same_and_an_empty_one_nothing() -> None:
    values = np.array([0.0, 7.0, 9.1, 9.2, 10.0])
    assert conditional.in_upper_bands(values).tolist() == pytest.approx([0, 1 / 2, 1 / 6, 1 / 6, 1 / 6])


def published(found: WordDrive) -> dict[int, ReferenceUnit]:
    """The first ten units with twenty words, the others with three, as found."""
    return {
        unit: ReferenceUnit(
            unit=unit, checkpoint="", top_words=tuple(word for word, _ in found.top(unit, 20 if unit < 10 else 3))
        )
        for unit in range(UNITS)
    }


def test_published_words_pass_where_they_are_found_and_not_when_dealt_out() -> None:
    found = drive()
    known = published(found)
    noisy = WordDrive(
        LISTED, found.values + 0.02 * torch.randn(WORDS, UNITS, generator=torch.Generator().manual_seed(1))
    )
    rows = published_words.rows(known, noisy)
    assert verdicts(rows) == [HOLDS, HOLDS, HOLDS]
    assert rows[0].figures["units"] == UNITS and rows[1].figures["units"] == 10
    assert verdicts(published_words.rows(dealt(known), noisy)) == [MISSED, MISSED, MISSED]


def test_published_words_that_were_not_drawn_are_said_and_not_counted_as_missed() -> None:
    found = drive()
    known = published(found)
    known[39] = ReferenceUnit(unit=39, checkpoint="", top_words=("unheard", "of"))
    rows = published_words.rows(known, found)
    assert rows[0].figures["units"] == UNITS - 1 and "of 40 units 39 have all their words drawn" in rows[0].measured
    few = published_words.rows({unit: known[unit] for unit in (20, 39)}, found)
    assert [row.verdict for row in few] == [
        "not here: There is nothing to compare: 1 unit, and two are needed; of 2 units 1 have all their words drawn",
        *["not here: There is nothing to compare: no units, and two are needed"] * 2,
    ]


def test_published_captions_pass_for_their_unit_and_not_for_another() -> None:
    texts = {unit: (f"#{letters(unit)} again : eb",) for unit in range(12)}
    known = {unit: ReferenceUnit(unit=unit, checkpoint="", maximal_text=texts[unit]) for unit in texts}
    scores = {unit: {other: float(unit == other) for other in texts} for unit in texts}
    found = {unit: ["eb", f"a {letters(unit)}"] for unit in texts}
    assert verdicts(published_captions.rows(known, scores, found)) == [HOLDS, HOLDS]
    assert verdicts(published_captions.rows(known, dealt(scores), dealt(found))) == [MISSED, MISSED]


def letters(number: int) -> str:
    return "q" * 3 + "abcdefghijkl"[number]


def test_published_places_pass_in_their_order_and_not_when_dealt_out() -> None:
    names = [f"place{number}" for number in range(200)]
    found = torch.randn(len(names), UNITS, generator=torch.Generator().manual_seed(3))
    best = found.argsort(dim=0, descending=True)[:15].T.tolist()
    known = [
        RegionUnit(
            model="tiny",
            unit=unit,
            top_countries=tuple((names[place], float(round(100 * found[place, unit].item()))) for place in best[unit]),
            top_cities=(("nowhere", 254.0), *((names[place], 15.0 - rank) for rank, place in enumerate(best[unit]))),
        )
        for unit in range(UNITS)
    ]
    noisy = found + 0.02 * torch.randn(found.shape, generator=torch.Generator().manual_seed(4))
    rows = published_regions.rows(known, dict(zip(names, noisy, strict=True)))
    assert verdicts(rows) == [HOLDS, HOLDS]
    assert rows[0].figures["share"] > 0.9 and abs(rows[0].figures["shuffled"]) < 0.2
    assert "1 of the names not drawn" in rows[1].measured
    moved = dict(zip(names, noisy.roll(1, 1), strict=True))
    assert verdicts(published_regions.rows(known, moved)) == [MISSED, MISSED]
    assert rank_correlation([3, 2, 2, 1], [9, 5, 5, 0]) == pytest.approx(1)
    assert rank_correlation([3, 2], [1, 1]) == rank_correlation([1], [1]) == 0


def attacked(style: str, success: int, ablated: int, after: int, target: str = "cat", text: str = "cat") -> Cell:
    """A text on a hundred pictures, half of them tested, and what an ablation leaves of 45 that were right."""
    counts = Counts(100, 0, success, 90, success, 50, success // 2, ablated, None, 1)
    kept = Kept(50, 45, after, 2, 2, 1)
    return Cell(target, text, style, 0.07, (), counts, counts, (), kept, kept)  # pyright: ignore[reportArgumentType]


def test_attacks_pass_where_texts_are_read_and_few_units_let_them() -> None:
    def table(success: int, ablated: int, after: int) -> list[Row]:
        return attacks.rows([attacked(style, success, ablated, after) for style in ("label", "free", "paper")] * 2)

    rows = table(80, 10, 44)
    assert verdicts(rows) == [HOLDS] * 5 and rows[0].figures == {"share": 0.8, "shuffled": 0.02, "units": 200}
    assert "success on 80, then 20 of 100 attacked pictures" in rows[3].measured
    assert "90.0% right, then 88.0%; 4 to 2 of 4" in rows[4].measured
    assert verdicts(table(30, 7, 44)) == [MISSED] * 3 + [HOLDS] * 2
    assert verdicts(table(80, 30, 40)) == [HOLDS] * 3 + [MISSED] * 2
    assert verdicts(table(0, 0, 44))[3:] == ["not here", HOLDS]


def test_published_attacks_are_judged_by_the_probes_success() -> None:
    pizza, iron = published_attacks.ATTACKS[2], published_attacks.ATTACKS[0]
    named = {pizza: "Pizza", iron: "trash can"}
    cells = [attacked("paper", 90, 9, 44, "pizza", "pizza"), attacked("paper", 50, 9, 44, "Trash can", "trash")]
    rows = {row.name: row for row in published_attacks.rows(named, cells)}
    assert rows[pizza.claim.name].verdict == HOLDS and "90.0%; of 100" in rows[pizza.claim.name].measured
    assert rows[iron.claim.name].verdict == "missed: 50.0% is 45.4% away"
    assert sum(row.verdict.startswith("not here: no picture is labelled as") for row in rows.values()) == 7


def test_the_column_that_has_most_of_the_nine_classes_is_attacked(tmp_path: Path) -> None:
    writer = CategoryWriter(8)
    for image, shown in enumerate(["Pizza", "trash can", "goose", "iPod"] * 2):
        writer.add(image, {"shown": shown, "other": ["pizza", "goose"][image % 2]})
    writer.write(tmp_path)
    column, named = published_attacks.labelled(Categories(tmp_path))
    assert column == "shown"
    assert {each.text: label for each, label in named.items()} == {
        "trash": "trash can",
        "iPod": "iPod",
        "pizza": "Pizza",
    }
    bare = CategoryWriter(2)
    bare.write(tmp_path)
    with pytest.raises(NotReady, match="such as pizza"):
        published_attacks.labelled(Categories(tmp_path))


def test_the_control_never_pairs_a_unit_with_itself() -> None:
    found = share(range(3), range(3), lambda one, other: one == other)
    assert (found.value, found.shuffled, found.units) == (1.0, 0.0, 3)
    with pytest.raises(NotReady, match="two are needed"):
        share([1], [1], lambda one, other: True)


def test_names_stand_in_texts_as_whole_words() -> None:
    assert mentioned({"hot dog"}, ["no", "A Hot-Dog stand"])
    assert not mentioned({"hot dog", "cat"}, ["hot", "dog", "category"])


def test_words_in_common_are_of_three_letters_at_least() -> None:
    assert common_words(["omg! ftheshocked"], ["OMG now"])
    assert not common_words(["is a 2021 eb"], ["is a 2021 eb not"])


def test_rank_agreement_is_of_the_order() -> None:
    assert rank_agreement("abcd", [9, 7, 2, 1]) == pytest.approx(1)
    assert rank_agreement("abcd", [1, 2, 7, 9]) == pytest.approx(-1)
    assert rank_agreement("abcd", [3, 3, 3, 3]) == 0


def test_logits_that_rise_with_their_own_unit_alone_pass_and_those_that_rise_with_any_do_not() -> None:
    others = tuple(np.linspace(-1, 0.5, causal.OTHERS))
    own, dealt = [Rise(0.0, 3.0, others)] * 9 + [Rise(0.0, -0.1, others)], [Rise(0.0, 0.1, others)] * 10
    rows = causal.rows(own, dealt)
    assert verdicts(rows) == [HOLDS, HOLDS]
    assert rows[0].figures["share"] == rows[1].figures["share"] == 0.9 and rows[1].figures["shuffled"] == 0
    assert "90.0% of 10 words" in rows[0].measured and rows[0].figures["shuffled"] == pytest.approx(1 / 3, abs=0.01)
    assert verdicts(causal.rows(dealt, own)) == [HOLDS, MISSED]
    easy = [Rise(0.0, 3.0, tuple(np.linspace(0.1, 3.5, causal.OTHERS)))] * 10
    assert verdicts(causal.rows(easy, easy)) == [MISSED, MISSED]


def test_the_published_units_of_a_word_have_to_be_found_but_for_one() -> None:
    (row,) = published_search.rows([1179, 289, 607, 1543, 7], [289, 1179, 1, 2, 3])
    assert (row.verdict, row.figures) == (HOLDS, {"value": 4, "beyond": 2, "first": 0})
    assert row.measured.startswith("4; 1179, 289, 607, 1543, 7; beyond")
    assert verdicts(published_search.rows([289, 1179, 607, 1, 2], [1])) == [MISSED]


def test_cosines_of_drawn_words_are_compared_with_those_published() -> None:
    rng = np.random.default_rng(0)
    mean = rng.normal(5, 1, UNITS)
    one, noise = rng.normal(size=(2, UNITS))
    other = 0.52 * one / np.linalg.norm(one) + np.sqrt(1 - 0.52**2) * _across(noise, one)
    values = torch.tensor(np.stack([mean + 3 * one, mean + other, mean, mean + 0.1 * noise] * 2))
    spread = rng.normal(size=(500, UNITS))
    words = WordDrive(LISTED[:500], torch.tensor(mean + spread - spread.mean(0)))
    drawn = WordDrive(("terrorist", "muslims", "terrorism", "muslim", "A", "B", "C", "D"), values)
    rows = published_cosines.rows(drawn, words)
    assert verdicts(rows) == [HOLDS, HOLDS]
    assert rows[0].figures["value"] == pytest.approx(0.52, abs=1e-6) and rows[1].figures["value"] > 0.99
    assert "0.52; in capitals 0.52; the average is over 500 words" in rows[0].measured
    assert verdicts(published_cosines.rows(WordDrive(drawn.words, values.flip(0)), words)) == [MISSED, MISSED]


def _across(vector: np.ndarray, to: np.ndarray) -> np.ndarray:
    """A vector of length 1 at a right angle to another."""
    rest = vector - (vector @ to) / (to @ to) * to
    return rest / np.linalg.norm(rest)
