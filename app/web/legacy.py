"""The addresses of OpenAI Microscope, where these neurons were first published, redirect to ours."""

import re

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from app import urls
from app.errors import NotFound

router = APIRouter(include_in_schema=False)

MODELS = {
    "contrastive_4x": "RN50x4.openai",
    "contrastive_rn50": "RN50.openai",
    "contrastive_v2": "RN101.openai",
    "contrastive_16x": "RN50x16.openai",
}
# Block i, j of the old graph is layer i.j in torch; Add_6 (Add_8 in a stage's first block) is the block's output.
_BLOCK = re.compile(r"image_block_(\d)_(\d+)(_Add_\d+)?(_0)?")


def layer_of(operation: str) -> str:
    """The layer that an old operation name stands for. Raises NotFound for any that is no block of the vision tower."""
    match = _BLOCK.fullmatch(operation)
    if not match:
        raise NotFound(f"{operation} is no block output of the vision tower, which are the only layers shown here.")
    return f"layer{match[1]}.{match[2]}"


def _register(old: str, slug: str) -> None:
    @router.get(f"/models/{old}")
    def model() -> RedirectResponse:
        return RedirectResponse(urls.model(slug), 308)

    @router.get(f"/models/{old}/{{operation}}")
    def layer(operation: str) -> RedirectResponse:
        return RedirectResponse(urls.layer(slug, layer_of(operation)), 308)

    @router.get(f"/models/{old}/{{operation}}/{{unit}}")
    def unit(operation: str, unit: int) -> RedirectResponse:
        return RedirectResponse(urls.unit(slug, layer_of(operation), unit), 308)


for _old, _slug in MODELS.items():
    _register(_old, _slug)
