"""How the presets of `app.spec` are carried out: parameterisation, views, optimiser and priors."""

from dataclasses import dataclass

from app.errors import BadInput
from app.render import released
from app.render.transform import Affine
from app.spec import PRESETS


@dataclass(frozen=True)
class Recipe:
    """One way to optimise a picture.

    `sd` and `decay` start the Fourier picture, `lr` is Adam's, `views` the random views; `smoothness` is the weight
    of the total variation prior beside the objective's gradient, which then has root mean square 1 at the pixels, None
    leaves the gradient as it is; `greyness` is the weight of the prior for mid grey, part of the objective; the first
    `redirected` steps go through redirected ReLUs; `rectified` maximises the unit after its ReLU; with `absolute`
    a facet's weights are taken as they are, times the strength, summed over its layers; with `single` a facet steers at
    its deepest layer alone; with `phases` only the phases of the picture's spectrum are optimised and its magnitudes
    are those of a corpus; with `near` the ascent starts from a given picture and each pixel is pulled back to it, by so
    much per full scale of distance, beside the objective's gradient at root mean square 1, so it needs a smoothness, if
    of 0; a frame is shown every `every` steps. The defaults were chosen on a 64 px model: a decay of 1.3 instead of
    Lucid's 1 gives large shapes with colours of their own, and the prior takes the grain out of them; with more of it
    some pictures run off to black or white (docs/decisions/0007-pictures-that-look-real.md).
    """

    sd: float = 0.01
    decay: float = 1.3
    lr: float = 0.05
    views: Affine | released.Transforms = Affine()
    smoothness: float | None = 0.25
    greyness: float = 0.0
    redirected: int = 0
    rectified: bool = False
    absolute: bool = False
    single: bool = False
    phases: bool = False
    near: float | None = None
    every: int = 8


_COMMON = Recipe()

RECIPES: dict[str, Recipe] = {
    **dict.fromkeys(PRESETS, _COMMON),
    "preview": Recipe(smoothness=0.4),  # in so few steps grain does not go away by itself
    "distill-2021": Recipe(
        decay=1.0,
        lr=released.LEARNING_RATE,
        views=released.Transforms(),
        smoothness=None,
        greyness=released.GREYNESS,
        redirected=released.REDIRECTED_STEPS,
        rectified=True,
        absolute=True,
        every=64,
    ),
    "paper": Recipe(absolute=True, single=True),
    # Each phase takes steps of up to 0.2 radians. The prior makes edges of what else is grain: magnitudes are fixed, so
    # all it can do is line up the phases. Chosen by eye among rates of 0.1 to 1 and weights of 0 to 0.4.
    "maco": Recipe(lr=0.2, smoothness=0.1, phases=True),
    # Where a pixel has moved by a third of full scale, it is pulled back as hard as the unit pulls on average. Chosen by
    # eye on pictures of the corpus and on photographs: at 1 sources dissolve, at 10 changes are hard to see.
    "accentuate": Recipe(smoothness=0.2, near=3.0),
}


def recipe(name: str) -> Recipe:
    """The recipe of a preset; BadInput names those there are."""
    if name not in RECIPES:
        raise BadInput(f"preset: there is no {name!r}; choose one of {', '.join(RECIPES)}", field="preset")
    return RECIPES[name]
