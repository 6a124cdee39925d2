"""What people made: rows in a database, artefacts in files beside it."""

from app.store.again import be_patient
from app.store.store import Store
from app.store.tables import (
    UNDRAWN,
    UNFINISHED,
    FacetRow,
    FindingRow,
    JudgementRow,
    KeyRow,
    LabellingRow,
    LabelVoteRow,
    ListEntryRow,
    LookRow,
    NoteRow,
    NoteVoteRow,
    QuizRow,
    QuizTrialRow,
    RenderRow,
    SurveyRow,
    UnitLabelRow,
    UnitListRow,
)

__all__ = [
    "UNDRAWN",
    "UNFINISHED",
    "FacetRow",
    "FindingRow",
    "JudgementRow",
    "KeyRow",
    "LabelVoteRow",
    "LabellingRow",
    "ListEntryRow",
    "LookRow",
    "QuizRow",
    "QuizTrialRow",
    "NoteRow",
    "NoteVoteRow",
    "RenderRow",
    "Store",
    "SurveyRow",
    "UnitLabelRow",
    "UnitListRow",
    "be_patient",
]
