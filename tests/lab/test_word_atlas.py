"""The atlas: factors found again, the disc's rows, every word in a cell of its own, colours as the article lays them."""

from collections import Counter

import numpy as np
import pytest

from app.lab.word_atlas import Factors, colour, disc, factorise, placed


def planted(words: int, factors: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes that mix two neighbouring ones of so many groups of units, and their shares."""
    rng = np.random.default_rng(0)
    shares = np.zeros((words, factors))
    for word in range(words):
        share = rng.choice([0.8, 1.0])
        shares[word, word % factors] = share
        shares[word, (word + 1) % factors] += 1 - share
    groups = np.zeros((factors, 5 * factors))
    for factor in range(factors):
        groups[factor, 5 * factor : 5 * factor + 5] = rng.uniform(0.5, 1, 5)
    return shares @ (groups / groups.sum(1, keepdims=True)), shares


@pytest.mark.parametrize("factors", [2, 7])
def test_planted_factors_are_found(factors: int) -> None:
    codes, shares = planted(70, factors)
    found = factorise(7 * codes, factors)
    assert np.allclose(found.units.sum(1), 1)
    assert np.allclose(found.loadings.sum(1), 1, atol=0.02) and np.allclose(found.shares.sum(1), 1)
    correlations = np.corrcoef(found.shares.T, shares.T)[:factors, factors:]
    assert sorted(correlations.argmax(1)) == list(range(factors)) and correlations.max(1).min() > 0.99


def test_factors_that_share_words_lie_beside_each_other() -> None:
    codes, shares = planted(70, 7)
    own = np.corrcoef(factorise(codes, 7).shares.T, shares.T)[:7, 7:].argmax(1)
    assert set(np.diff([*own, own[0]]) % 7) in ({1}, {6})


def test_negative_weights_count_in_a_code_but_not_for_a_factor() -> None:
    codes = np.zeros((6, 6))
    codes[:3, 0], codes[3:, 1], codes[:, 2] = 3.0, 2.0, -1.0
    found = factorise(codes, 2)
    assert found.units[:, 2].max() == 0
    assert found.loadings.max(1) == pytest.approx([3 / 4] * 3 + [2 / 3] * 3, abs=1e-3)


def test_fewer_units_than_factors_leave_factors_empty() -> None:
    codes = np.zeros((9, 4))
    codes[:4, 1] = 2.0
    found = factorise(codes, 7)
    assert (found.loadings > 0).any(0).sum() == 1
    assert found.top([f"w{n}" for n in range(9)]) == [["w0", "w1", "w2"], *[[]] * 6]
    assert colour(found.shares[8]) is None and len(set(placed(found))) == 9
    assert not factorise(np.zeros((3, 4)), 2).loadings.any()


def test_the_disc_has_the_articles_rows_and_room_for_any_number_of_words() -> None:
    rows = Counter(y for _, y in disc(121))
    assert [rows[y] for y in sorted(rows)] == [3, 7, 9, 11, 11, 13, 13, 13, 11, 11, 9, 7, 3]
    for count in (1, 2, 12, 126, 500):
        cells = disc(count)
        assert count <= len(cells) == len(set(cells)) < count + 4 * np.sqrt(count) + 4
        assert {(-x, y) for x, y in cells} == {(y, x) for x, y in cells} == set(cells)


def test_words_lie_where_their_factors_draw_them() -> None:
    """Of words with a single factor each, those of neighbours are nearer than those across the disc."""
    loadings = np.repeat(np.eye(7), 5, axis=0)
    cells = np.array(placed(Factors(loadings, np.eye(7))), float).reshape(7, 5, 2)
    assert len({tuple(cell) for cell in cells.reshape(-1, 2).tolist()}) == 35
    middles = cells.mean(1)
    for factor in range(7):
        across = np.linalg.norm(middles[factor] - middles, axis=1)
        assert max(across[(factor + 1) % 7], across[factor - 1]) < min(
            across[(factor + 3) % 7], across[(factor + 4) % 7]
        )
    plane = np.array(placed(Factors(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.eye(2))))
    assert plane[1, 0] > plane[0, 0] or plane[1, 0] > plane[2, 0]
    assert plane[3, 1] >= plane[1, 1]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((1, 0), "#a3ff4d"), ((0, 1), "#a94dff"), ((0.5, 0.5), "#bda6d2"), ((0.0, 0.0), None)],
)
def test_colours_are_laid_over_each_other_by_share(shares: tuple[float, float], expected: str | None) -> None:
    """Hues 91 and 271, saturation 0.7, value 1; half of the second over half of the first over white."""
    assert colour(np.array(shares, float)) == expected
