"""The addresses of OpenAI Microscope, where these neurons were first published, redirect to ours."""

import re
from typing import NoReturn

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from app import urls
from app.errors import NotFound
from app.microscope import Microscope
from app.web.scope import Scope

router = APIRouter(include_in_schema=False)

MODELS = {
    "contrastive_4x": "RN50x4.openai",
    "contrastive_rn50": "RN50.openai",
    "contrastive_v2": "RN101.openai",
    "contrastive_16x": "RN50x16.openai",
}
# Block i, j of the old graph is layer i.j in torch; Add_6 (Add_8 in a stage's first block) is the block's output.
_BLOCK = re.compile(r"image_block_(\d)_(\d{1,3})(_Add_\d+)?(_0)?")


def layer_of(operation: str) -> str:
    """The layer that an old operation name stands for. Raises NotFound for any that is no block of the vision tower."""
    match = _BLOCK.fullmatch(operation)
    if not match:
        raise NotFound(f"{operation} is no block output of the vision tower, which are the only layers shown here.")
    return f"layer{match[1]}.{match[2]}"


def _known(microscope: Microscope, old: str, operation: str, unit: int | None = None) -> str:
    """The layer that an old address means, known to be there and to have the unit. Raises NotFound."""
    slug, layer = MODELS[old], layer_of(operation)
    channels = {each.name: each.channels for each in microscope.browser.model(slug).layers}
    if layer not in channels:
        raise NotFound(f"{old} is {slug} here, which has no layer {layer}. It has: {', '.join(channels)}.")
    if unit is not None and not 0 <= unit < channels[layer]:
        raise NotFound(f"{old} is {slug} here; its {layer} has units 0 to {channels[layer] - 1}, and no unit {unit}.")
    return layer


def _register(old: str, slug: str) -> None:
    @router.get(f"/models/{old}")
    def model() -> RedirectResponse:
        return RedirectResponse(urls.model(slug), 308)

    @router.get(f"/models/{old}/{{operation}}")
    def layer(operation: str, microscope: Scope) -> RedirectResponse:
        return RedirectResponse(urls.layer(slug, _known(microscope, old, operation)), 308)

    @router.get(f"/models/{old}/{{operation}}/{{unit}}")
    def unit(operation: str, unit: int, microscope: Scope) -> RedirectResponse:
        return RedirectResponse(urls.unit(slug, _known(microscope, old, operation, unit), unit), 308)


for _old, _slug in MODELS.items():
    _register(_old, _slug)


@router.get("/models/contrastive_{rest:path}", response_model=None)
def unknown(rest: str) -> NoReturn:
    """A contrastive model of OpenAI Microscope that has no public weights, or that there never was. Raises NotFound."""
    old = f"contrastive_{rest.partition('/')[0]}"
    here = ", ".join(f"{each} is {slug}" for each, slug in MODELS.items())
    raise NotFound(
        f"OpenAI Microscope's {old} is not among the models whose weights were released, so it cannot be shown here. "
        f"Of the others, {here}."
    )
