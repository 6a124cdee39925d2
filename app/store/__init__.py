"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import UNFINISHED_RENDER, Store
from app.store.tables import FacetRow, LookRow, RenderRow

__all__ = ["UNFINISHED_RENDER", "FacetRow", "LookRow", "RenderRow", "Store"]
