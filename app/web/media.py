"""Pictures and files. What people sent was encoded again by us. Content-addressed ones are kept for ever by the browser."""

import hashlib
import re
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from app.web.scope import Choice, Name, Number, Scope, Slug
from app.web.views import FOREVER

router = APIRouter(include_in_schema=False, default_response_class=Response)

CHECK_HOURLY = "public, max-age=3600"
"""For pictures whose address names a place, not a content: an index that is built again may change them."""

OPENED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
"""For pictures that people open by themselves: the page that the browser makes of one is styled inline."""


def picture(request: Request, data: bytes, *, media_type: str = "image/webp", cache: str = FOREVER) -> Response:
    """Serve picture bytes with an entity tag of their content; 304 if the browser has them."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": cache}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


@router.get("/corpora/{corpus}/images/{index}.webp")
def corpus_image(request: Request, microscope: Scope, corpus: Name, index: Number) -> Response:
    """A corpus image as the model sees it."""
    return picture(request, microscope.corpus_image(corpus, index), cache=CHECK_HOURLY)


@router.get("/corpora/{corpus}/images/{index}/heat/{layer}/{unit}.webp")
async def corpus_heat(
    request: Request, microscope: Scope, corpus: Name, index: Number, layer: Name, unit: Number
) -> Response:
    """A corpus image with a unit's map over it."""
    return picture(request, await microscope.heat_desk.heat(corpus, index, layer, unit), cache=CHECK_HOURLY)


@router.get("/corpora/{corpus}/images/{index}/crop/{layer}/{unit}.webp")
async def corpus_crop(
    request: Request, microscope: Scope, corpus: Name, index: Number, layer: Name, unit: Number
) -> Response:
    """The part of a corpus image around the place where a unit fires most."""
    return picture(request, await microscope.heat_desk.crop(corpus, index, layer, unit), cache=CHECK_HOURLY)


@router.get("/gallery/{slug}/{layer}/{facet}/{unit}.webp")
def gallery_picture(
    request: Request, microscope: Scope, slug: Slug, layer: Name, facet: Name, unit: Number
) -> Response:
    """The prebuilt render of a unit."""
    return picture(request, microscope.gallery_picture(slug, layer, unit, facet), cache=CHECK_HOURLY)


@router.get("/models/{slug}/card/{path:path}")
def card_picture(request: Request, microscope: Scope, slug: Slug, path: str) -> Response:
    """A picture of a model card, as it lies in the card's folder."""
    data, media_type = microscope.card_picture(slug, path)
    answer = picture(request, data, media_type=media_type, cache=CHECK_HOURLY)
    answer.headers.update(OPENED)
    return answer


@router.get("/blobs/{blob_id}.webp")
def blob(request: Request, microscope: Scope, blob_id: Name) -> Response:
    """An uploaded picture."""
    return picture(request, microscope.store.files.blob(blob_id))


@router.get("/renders/{render_id}/frames/{step}.webp")
def frame(request: Request, microscope: Scope, render_id: Name, step: Number) -> Response:
    """A render as it was after a step."""
    return picture(request, microscope.store.files.frame(render_id, step))


@router.get("/renders/{render_id}/picture.png")
def render_picture(request: Request, microscope: Scope, render_id: Name) -> Response:
    """The finished picture, lossless."""
    return picture(request, microscope.store.files.picture(render_id), media_type="image/png")


@router.get("/renders/{render_id}/film.webp")
def render_film(request: Request, microscope: Scope, render_id: Name) -> Response:
    """How a finished picture grew, to keep."""
    return picture(request, microscope.render_pages.film(render_id))


@router.get("/renders/{render_id}/spec.json")
def render_spec(request: Request, microscope: Scope, render_id: Name) -> Response:
    """What made a picture: posted to `/renders`, it makes the same one again."""
    return picture(request, microscope.render_pages.spec(render_id).canonical().encode(), media_type="application/json")


FILES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


def to_keep(suffix: str, *names: str | int) -> dict[str, str]:
    """The headers of a file that is made to be kept, under a name of these words."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(map(str, names)))
    return {"Content-Disposition": f'attachment; filename="{name}.{suffix}"', "Cache-Control": "no-cache"}


@router.get("/models/{slug}/{layer}/units.{suffix}")
def units(
    microscope: Scope, slug: Slug, layer: Name, suffix: Literal["csv", "parquet", "json"], corpus: Choice = None
) -> Response:
    """All units of a layer, one a row, to keep."""
    data = microscope.downloads.units(slug, layer, suffix, corpus or None)
    return Response(data, media_type=FILES[suffix], headers=to_keep(suffix, slug, layer, "units"))


@router.get("/models/{slug}/{layer}/{unit}/examples.csv")
def examples(microscope: Scope, slug: Slug, layer: Name, unit: Number, corpus: Choice = None) -> Response:
    """The images that an index keeps of a unit, to keep."""
    data = microscope.downloads.examples(slug, layer, unit, corpus or None)
    return Response(data, media_type=FILES["csv"], headers=to_keep("csv", slug, layer, unit, "examples"))


@router.get("/models/{slug}/{layer}/{unit}/activations.{suffix}")
def activations(
    microscope: Scope,
    slug: Slug,
    layer: Name,
    unit: Number,
    suffix: Literal["csv", "parquet"],
    corpus: Choice = None,
) -> Response:
    """A unit's activation on every image of a corpus, to keep."""
    parts = microscope.downloads.activations(slug, layer, unit, suffix, corpus or None)
    return StreamingResponse(parts, media_type=FILES[suffix], headers=to_keep(suffix, slug, layer, unit))
