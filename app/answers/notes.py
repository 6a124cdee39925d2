"""Notes that people write about a unit."""

from datetime import datetime

from pydantic import BaseModel

from app.answers.labels import LabelVotes


class Note(BaseModel):
    """What somebody wrote about a unit, in Markdown. `changed` is when its text last became another, `yours` is about who
    asks."""

    id: str
    text: str
    name: str
    created: datetime
    changed: datetime | None
    votes: LabelVotes
    yours: bool


class UnitNotes(BaseModel):
    """The notes about a unit: those first that most find helpful, less who does not, of two that are level the newer.
    `longest` is how many characters one may have."""

    notes: list[Note]
    longest: int
    action: str
    vote_action: str
    undo_action: str
