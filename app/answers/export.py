"""All that people said on a server, as one file. Nothing in it tells who said what, but for the names that they gave."""

from datetime import datetime

from pydantic import BaseModel


class SaidLabel(BaseModel):
    """What somebody calls a unit; `accepted` is the automatic label as it was then."""

    model: str
    layer: str
    unit: int
    text: str
    accepted: bool
    name: str
    created: datetime


class CountedVotes(BaseModel):
    """How many think that a label, automatic or a person's, is right for a unit, and how many that it is wrong."""

    model: str
    layer: str
    unit: int
    label: str
    up: int
    down: int


class SaidNote(BaseModel):
    """A note about a unit in Markdown, and how many find it helpful, and how many do not."""

    id: str
    model: str
    layer: str
    unit: int
    text: str
    name: str
    created: datetime
    changed: datetime | None
    up: int
    down: int


class SharedEntry(BaseModel):
    """A unit on a list."""

    model: str
    layer: str
    unit: int
    remark: str


class SharedList(BaseModel):
    """A list of units that anybody may find, in its order."""

    id: str
    title: str
    description: str
    created: datetime
    changed: datetime
    entries: list[SharedEntry]


class Export(BaseModel):
    """All that people said on a server: what they call units, their votes, their notes, and the lists that anybody may
    find."""

    exported: datetime
    labels: list[SaidLabel]
    label_votes: list[CountedVotes]
    notes: list[SaidNote]
    lists: list[SharedList]
