"""The laboratory: what instruments there are, and where each is put to work."""

from typing import Any

from pydantic import BaseModel

from app.answers.finding import FindingLink


class InstrumentLink(BaseModel):
    """An instrument in a list: its name, what it is for, and the address of its form."""

    name: str
    title: str
    lede: str
    url: str


class LabPage(BaseModel):
    """The instruments for a model; `models` are the others."""

    model: str
    models: list[str]
    instruments: list[InstrumentLink]


class LabForm(BaseModel):
    """Where an instrument is put to work: `layer` is the one it looks at unless told otherwise, `choices` what there is to
    choose from, `recent` what it found before, the newest first."""

    url: str
    model: str
    models: list[str]
    layer: str
    instrument: InstrumentLink
    others: list[InstrumentLink]
    choices: dict[str, Any]
    recent: list[FindingLink]


class AtOnce(BaseModel):
    """What an instrument answers at once, from its address alone: nothing of it is kept but the address, `url`."""

    model: str
    models: list[str]
    layer: str
    instrument: InstrumentLink
    others: list[InstrumentLink]
    url: str
