"""What is asked before something is deleted."""

from pydantic import BaseModel


class Dependent(BaseModel):
    """Something that depends on what is to be deleted: what becomes of it, and where it is."""

    said: str
    url: str | None = None


class Deletion(BaseModel):
    """Something that may be deleted by a POST to `action`: `goes` is what goes with it, `depends` what stays and depends on
    it. `refused` says why it may not be, where it may not."""

    kind: str
    name: str
    url: str
    action: str
    fields: dict[str, str] = {}
    goes: list[str]
    depends: list[Dependent]
    refused: str = ""
