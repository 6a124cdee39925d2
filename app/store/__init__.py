"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import UNFINISHED, Store
from app.store.tables import FacetRow, FindingRow, LookRow, RenderRow

__all__ = ["UNFINISHED", "FacetRow", "FindingRow", "LookRow", "RenderRow", "Store"]
