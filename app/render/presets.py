"""How the presets of `app.spec` are carried out: parameterisation, views, optimiser and priors."""

from dataclasses import dataclass

from app.errors import BadInput
from app.render.transform import Affine
from app.spec import PRESETS


@dataclass(frozen=True)
class Recipe:
    """One way to optimise a picture.

    `sd` and `decay` start the Fourier picture, `lr` is Adam's, `affine` the random views; `smoothness` is the weight
    of the total variation prior beside the objective's gradient (of root mean square 1 at the pixels); a frame is
    shown every `every` steps. The defaults were chosen by eye on a 64 px model: a decay of 1.3 instead of Lucid's 1
    gives large shapes with colours of their own, the prior takes the grain out of them.
    """

    sd: float = 0.01
    decay: float = 1.3
    lr: float = 0.05
    affine: Affine = Affine()
    smoothness: float = 0.4
    every: int = 8


_COMMON = Recipe()

RECIPES: dict[str, Recipe] = dict.fromkeys(PRESETS, _COMMON)


def recipe(name: str) -> Recipe:
    """The recipe of a preset; BadInput names those there are."""
    if name not in RECIPES:
        raise BadInput(f"preset: there is no {name!r}; choose one of {', '.join(RECIPES)}", field="preset")
    return RECIPES[name]
