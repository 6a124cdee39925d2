"""Who may come in, and who one is here."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from app.spec import KeyScope


class KeyLine(BaseModel):
    """A key that lets somebody in; the key itself is not kept."""

    name: str
    scope: KeyScope
    created: datetime


class Entrance(BaseModel):
    """Who one is here: the name of the `key` that was shown, and what one `may` do, with it or as everybody; None is
    nothing. `entered` says whether a key was shown, `key` is None for the shared secret."""

    access: Literal["private", "team", "public"]
    entered: bool
    key: str | None
    may: KeyScope | None
