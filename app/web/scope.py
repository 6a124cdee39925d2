"""What every route needs: the microscope, the views, and path values in the shape that addresses carry them.

What only looks into the request is `async`: all else goes through a thread, which costs a page more than the look.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator

from app.microscope import Microscope
from app.web.views import Views


async def _microscope(request: Request) -> Microscope:
    return request.app.state.microscope


class FacetNames:
    """Names of facets by id, for lists that know only ids; read at first use."""

    def __init__(self, microscope: Microscope) -> None:
        self._microscope = microscope
        self._names: dict[str, str] | None = None

    def __call__(self, facet_id: str) -> str:
        if self._names is None:
            self._names = {facet.id: facet.name for facet in self._microscope.facet_desk.cards().facets}
        return self._names.get(facet_id, facet_id)


async def _names(request: Request) -> FacetNames:
    return FacetNames(request.app.state.microscope)


async def _views(request: Request) -> Views:
    return request.app.state.views


Scope = Annotated[Microscope, Depends(_microscope)]
Pages = Annotated[Views, Depends(_views)]
Names = Annotated[FacetNames, Depends(_names)]

# `app.urls` quotes a slash inside a slug twice; the server has undone one of them.
Slug = Annotated[str, AfterValidator(unquote), Path(max_length=300)]
Name = Annotated[str, AfterValidator(unquote), Path(max_length=200)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Choice = Annotated[str | None, Query(max_length=200)]
"""A name in the query: of a corpus, a layer, a facet. Forms send an empty one for none."""
