"""What every finding's page has."""

from datetime import datetime

from pydantic import BaseModel

from app.answers.links import Status


class FindingPage(BaseModel):
    """A finding as far as it is: `progress` says in words what is being done, `ahead` how many jobs wait before it."""

    id: str
    url: str
    status: Status
    step: int
    steps: int
    progress: str
    elapsed_s: float
    error: str | None
    ahead: int


class FindingLink(BaseModel):
    """A finding in a list: `said` is what it is about, in words."""

    url: str
    said: str
    status: Status
    created: datetime
