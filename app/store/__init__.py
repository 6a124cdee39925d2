"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import Store
from app.store.tables import (
    UNFINISHED,
    FacetRow,
    FindingRow,
    LabellingRow,
    LabelVoteRow,
    LookRow,
    RenderRow,
    UnitLabelRow,
)

__all__ = [
    "UNFINISHED",
    "FacetRow",
    "FindingRow",
    "LabelVoteRow",
    "LabellingRow",
    "LookRow",
    "RenderRow",
    "Store",
    "UnitLabelRow",
]
