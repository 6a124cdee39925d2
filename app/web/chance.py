"""A unit drawn by chance: the address answers another one each time."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from app.web.scope import Choice, Name, Scope, Slug

router = APIRouter(include_in_schema=False)


@router.api_route("/random", methods=["GET", "HEAD"])
def any_unit(microscope: Scope) -> RedirectResponse:
    """A unit of the default model's default layer."""
    return _see(microscope.random_unit())


@router.api_route("/models/{slug}/{layer}/random", methods=["GET", "HEAD"])
def unit_of_layer(
    microscope: Scope, slug: Slug, layer: Name, corpus: Choice = None, facet: Choice = None
) -> RedirectResponse:
    """A unit of a layer, shown with the corpus and under the facet that are chosen."""
    return _see(microscope.random_unit(slug, layer, corpus=corpus, facet=facet))


def _see(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
