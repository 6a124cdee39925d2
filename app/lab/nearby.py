"""Do places that lie near each other drive a unit alike? What tells a unit of a region from one of some letters."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from app.lab.atlas.world import cities

NEIGHBOURS = 5
DRAWS = 200


class Nearby(NamedTuple):
    """Moran's I of what cities do: 1 if near ones are alike, about 0 if where they lie does not matter. `chance` is the
    value that 97.5 of 100 random deals of the same activations stay below."""

    value: float
    chance: float


def nearby(values: NDArray[np.floating], seed: int = 0) -> Nearby:
    """Moran's I (P. Moran, 1950) of activations [N], one for each city of the atlas, each city weighing its nearest
    `NEIGHBOURS` alike. 0 where activations do not differ."""
    apart = values.astype(np.float64) - values.mean(dtype=np.float64)
    whole = float(apart @ apart)
    if not whole:
        return Nearby(0.0, 0.0)
    rng, near = default_rng(seed), _nearest()

    def correlation(each: NDArray[np.float64]) -> float:
        return float(each @ each[near].mean(1)) / whole

    by_chance = [correlation(apart[rng.permutation(len(apart))]) for _ in range(DRAWS)]
    return Nearby(correlation(apart), float(np.quantile(by_chance, 0.975)))


@lru_cache(maxsize=1)
def _nearest() -> NDArray[np.int64]:
    """The numbers of the cities nearest to each, [N, NEIGHBOURS]."""
    latitude, longitude = np.deg2rad([(each.latitude, each.longitude) for each in cities()]).T
    on_sphere = np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    closeness = on_sphere.T @ on_sphere
    np.fill_diagonal(closeness, -np.inf)
    return np.argsort(-closeness, axis=1)[:, :NEIGHBOURS]
