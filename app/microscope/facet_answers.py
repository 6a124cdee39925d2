"""Facets as answers: a choice in a picker, a card in a list, a page."""

from app import urls
from app.answers.facets import FacetCard, FacetPage, ProbeReport, Refused
from app.answers.links import FacetLink
from app.store import FacetRow

SHOWN = 24  # pictures on a card


def link(row: FacetRow) -> FacetLink:
    """A facet as a choice."""
    return FacetLink(id=row.id, name=row.name, url=urls.facet(row.id), ready=row.status == "ready")


def card(row: FacetRow) -> FacetCard:
    """A facet in a list."""
    return FacetCard.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "url": urls.facet(row.id),
            "status": row.status,
            "model": row.model,
            "positives": row.positives,
            "best_auc": max((report["auc"] for report in row.layers), default=None),
            "images": [urls.blob(image.blob) for image in row.images[:SHOWN]],
            "shipped": row.shipped,
        }
    )


def page(row: FacetRow) -> FacetPage:
    """A facet's page, without the renders made with it."""
    return FacetPage.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "url": urls.facet(row.id),
            "status": row.status,
            "progress": row.progress,
            "error": row.error,
            "model": row.model,
            "corpus": row.corpus,
            "positives": row.positives,
            "negatives": row.negatives,
            "refused": [Refused(**refusal) for refusal in row.refused],
            "layers": [ProbeReport(**report) for report in row.layers],
            "warnings": row.warnings,
            "images": [urls.blob(image.blob) for image in row.images],
            "renders": [],
            "shipped": row.shipped,
        }
    )
