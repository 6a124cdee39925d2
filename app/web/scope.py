"""What every route needs: the microscope, the views, and path values in the shape that addresses carry them."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Path, Request
from pydantic import AfterValidator

from app.microscope import Microscope
from app.web.views import Views


def _microscope(request: Request) -> Microscope:
    return request.app.state.microscope


def _views(request: Request) -> Views:
    return request.app.state.views


Scope = Annotated[Microscope, Depends(_microscope)]
Pages = Annotated[Views, Depends(_views)]

# `app.urls` quotes a slash inside a slug twice; the server has undone one of them.
Slug = Annotated[str, AfterValidator(unquote), Path(max_length=300)]
Name = Annotated[str, AfterValidator(unquote), Path(max_length=200)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
