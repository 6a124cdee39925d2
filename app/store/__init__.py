"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import Store
from app.store.tables import FacetRow, LookRow, RenderRow

__all__ = ["FacetRow", "LookRow", "RenderRow", "Store"]
