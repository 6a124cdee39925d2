"""What people made: rows in a database, artefacts in files beside it."""

from app.store.store import Store
from app.store.tables import (
    UNFINISHED,
    FacetRow,
    FindingRow,
    JudgementRow,
    LabellingRow,
    LabelVoteRow,
    LookRow,
    QuizRow,
    QuizTrialRow,
    RenderRow,
    SurveyRow,
    UnitLabelRow,
)

__all__ = [
    "UNFINISHED",
    "FacetRow",
    "FindingRow",
    "JudgementRow",
    "LabelVoteRow",
    "LabellingRow",
    "LookRow",
    "QuizRow",
    "QuizTrialRow",
    "RenderRow",
    "Store",
    "SurveyRow",
    "UnitLabelRow",
]
