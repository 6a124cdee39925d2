"""How the presets of `app.spec` are carried out: parameterisation, views, optimiser and priors."""

from dataclasses import dataclass

from app.errors import BadInput
from app.render.transform import Affine
from app.spec import PRESETS


@dataclass(frozen=True)
class Recipe:
    """One way to optimise a picture.

    `sd` and `decay` start the Fourier picture, `lr` is Adam's, `affine` the random views; `smoothness` is the weight
    of the total variation prior relative to the objective's own gradient; a frame is shown every `every` steps.
    """

    sd: float = 0.01
    decay: float = 1.0
    lr: float = 0.05
    affine: Affine = Affine()
    smoothness: float = 0.0
    every: int = 8


_COMMON = Recipe()

RECIPES: dict[str, Recipe] = dict.fromkeys(PRESETS, _COMMON)


def recipe(name: str) -> Recipe:
    """The recipe of a preset; BadInput names those there are."""
    if name not in RECIPES:
        raise BadInput(f"preset: there is no {name!r}; choose one of {', '.join(RECIPES)}", field="preset")
    return RECIPES[name]
