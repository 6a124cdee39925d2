"""Soft-WPMI against the formula written out, and what it promises of planted and of shuffled units."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from app.lab import wpmi


def directions(rows: int, seed: int, size: int = 12) -> Tensor:
    drawn = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn / drawn.norm(dim=1, keepdim=True)


def whole(pool: Tensor, words: Tensor, sets: Tensor) -> Tensor:
    *_, (table, share) = wpmi.log_given(pool, words, sets)
    assert share == 1
    return table


def by_the_formula(pool: Tensor, words: Tensor, images: list[int]) -> list[float]:
    """log p(t|B) image by image and word by word, with the published constants."""
    found = []
    for word in range(len(words)):
        total = 0.0
        for rank, image in enumerate(images):
            said = [math.exp(10 * float(pool[image] @ other)) for other in words]
            member = 0.998 - rank / len(images) * (0.998 - 0.97)
            total += math.log(1 + member * (said[word] / sum(said) - 1) + 1e-7)
        found.append(total)
    return found


@pytest.mark.parametrize("entries", [wpmi.ENTRIES, 90])
def test_it_is_the_formula_in_however_many_pieces(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wpmi, "ENTRIES", entries)
    pool, words = directions(30, seed=1), directions(17, seed=2)
    sets = torch.from_numpy(np.random.default_rng(3).integers(0, 30, (11, 21)))
    table = whole(pool, words, sets)
    for place, images in enumerate(sets.tolist()):
        torch.testing.assert_close(
            table[place], torch.tensor(by_the_formula(pool, words, images), dtype=torch.float64), rtol=1e-12, atol=1e-12
        )
    mean = [math.log(sum(math.exp(float(each)) for each in column) / 11) for column in table.T]
    torch.testing.assert_close(wpmi.log_prior(table), torch.tensor(mean, dtype=torch.float64))


def test_float32_is_good_enough_for_a_hundred_images() -> None:
    pool, words = directions(150, seed=1), directions(40, seed=2)
    sets = torch.from_numpy(np.random.default_rng(3).permuted(np.tile(np.arange(150), (9, 1)), axis=1)[:, :100])
    exact, single = whole(pool, words, sets), whole(pool.float(), words.float(), sets)
    assert float((exact - single).abs().max()) < 2e-3


def test_shuffled_units_have_the_same_images_as_often_and_depend_on_the_seed_alone() -> None:
    sets = np.random.default_rng(5).integers(0, 50, (10, 20))
    drawn = wpmi.shuffled(sets, 25, seed=7)
    assert drawn.shape == (25, 20) and np.array_equal(drawn, wpmi.shuffled(sets, 25, seed=7))
    assert not np.array_equal(drawn, wpmi.shuffled(sets, 25, seed=8))
    assert np.array_equal(np.sort(drawn[:10].ravel()), np.sort(sets.ravel()))


def test_a_planted_unit_gets_its_word_and_two_of_one_concept_do_not_take_it_from_each_other() -> None:
    """Unit 0 has the images nearest to word 5, unit 1 the next nearest: both are of that word. By the mean over the units
    the second would lose it; the other units are of anything."""
    pool, words = directions(2000, seed=1, size=6), directions(25, seed=2, size=6)
    near = (pool @ words[5]).argsort(descending=True).numpy()
    draw = np.random.default_rng(4)
    sets = np.stack([near[:100], near[100:200], *(draw.choice(2000, 100, replace=False) for _ in range(40))])
    table = whole(pool, words, torch.from_numpy(np.concatenate([sets, wpmi.shuffled(sets, 200, seed=0)])))
    scores = table - wpmi.log_prior(table[42:])
    assert scores[:2].argmax(1).tolist() == [5, 5]
    over_units = table[:42] - wpmi.log_prior(table[:42])
    assert over_units[0].argmax() == 5 and over_units[1].argmax() != 5
