"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import UNFINISHED_RENDER, Store
from app.store.tables import FacetRow, LabelVoteRow, LookRow, RenderRow, UnitLabelRow

__all__ = ["UNFINISHED_RENDER", "FacetRow", "LabelVoteRow", "LookRow", "RenderRow", "Store", "UnitLabelRow"]
