"""Facets and renders as other pages mention them."""

from typing import Literal

from pydantic import BaseModel

from app.spec import Aim, Of

Status = Literal["queued", "running", "done", "cancelled", "failed"]
RenderStatus = Literal["queued", "running", "done", "cancelled", "failed", "cleared"]
"""A render that is cleared was done, and its pictures went for room: the same spec draws them again."""
FacetStatus = Literal["queued", "training", "ready", "failed"]


class FacetLink(BaseModel):
    """A facet as a choice in a picker. `ready` says if it can steer yet."""

    id: str
    name: str
    url: str
    ready: bool


class RenderLink(BaseModel):
    """A render as a thumbnail in a list. `subject` says what it makes large, `short` in a word; `unit` and `unit_url` are
    None where that is no single unit. `facets` counts the facets, `facet` is the first of them. `stands` says that it
    may stand for its unit: a picture made for the unit alone and from nothing but noise."""

    id: str
    url: str
    image: str | None
    status: RenderStatus
    of: Of
    subject: str
    short: str
    unit: int | None
    unit_url: str | None
    layer: str
    model: str
    facet: str | None
    facets: int
    strength: float
    aim: Aim
    preset: str
    seed: int
    stands: bool
    activation: float | None
    activation_sd: float | None
    activation_percentile: float | None


class LayerLink(BaseModel):
    """A layer as a choice: the address of the same page for it."""

    name: str
    url: str
