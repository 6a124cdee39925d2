"""Lists of units that people make and share."""

from datetime import datetime

from pydantic import BaseModel

from app.answers.layer import UnitCard


class ListLink(BaseModel):
    """A list among others: how many units it has, and the first of them that are served here."""

    id: str
    url: str
    title: str
    units: int
    listed: bool
    yours: bool
    created: datetime
    cards: list[UnitCard]


class ListEntry(BaseModel):
    """A unit on a list and what is remarked of it. `card` is None where its model is not served here now."""

    model: str
    layer: str
    unit: int
    url: str
    remark: str
    card: UnitCard | None


class ListPage(BaseModel):
    """A list of units. `yours`: the browser that asks may change it. `mine` are that browser's other lists, to copy this one
    into. `edit_link`: there is a link by which it can be changed from another browser."""

    id: str
    url: str
    title: str
    description: str
    listed: bool
    yours: bool
    edit_link: bool
    created: datetime
    changed: datetime
    most: int
    entries: list[ListEntry]
    mine: list[ListLink]


class Lists(BaseModel):
    """The lists that anybody may find, the newest first, and one's own. `next` is the address of the following page."""

    lists: list[ListLink]
    yours: list[ListLink]
    next: str | None


class ListedOn(BaseModel):
    """A list as a unit's page names it: whether the unit is on it, and what is remarked of it there."""

    id: str
    url: str
    title: str
    on: bool
    remark: str


class UnitLists(BaseModel):
    """The lists of who asks, and other people's that have the unit. `action` is where it is put on one."""

    yours: list[ListedOn]
    others: list[ListedOn]
    action: str
