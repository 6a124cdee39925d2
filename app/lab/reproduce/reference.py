"""What the article published of single units, read from a folder: the facts that a paper's model can be held against."""

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from app.errors import NotFound, NotReady

UNITS = "paper_neurons.json"
OPENAI = "openai"  # the tag of their weights
TOP = 3  # words that are published of nearly every unit of RN50x4
_PLACE = re.compile(r"OpenAI (?P<architecture>\S+) visual\.(?P<stage>\w+)\[(?P<block>\d+)\]")


class ReferenceUnit(BaseModel):
    """What was published of a unit: the words that drive it most when they are drawn, the texts that a search found; both
    the strongest first. `checkpoint` says of which weights and layer: `OpenAI RN50x4 visual.layer4[5]`."""

    model_config = ConfigDict(frozen=True)

    unit: int
    checkpoint: str
    top_words: tuple[str, ...] = ()
    maximal_text: tuple[str, ...] = ()


class Reference:
    """The published units of some models. Open it with `Reference.read`."""

    def __init__(self, units: list[ReferenceUnit]) -> None:
        self._units: dict[tuple[str, str], dict[int, ReferenceUnit]] = {}
        for each in units:
            if place := _PLACE.match(each.checkpoint):
                key = (place["architecture"], f"{place['stage']}.{place['block']}")
                self._units.setdefault(key, {})[each.unit] = each

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder that holds `paper_neurons.json`.

        Raises:
            NotFound: the file is not there.
            NotReady: it cannot be read.
        """
        path = folder / UNITS
        try:
            return cls(TypeAdapter(list[ReferenceUnit]).validate_json(path.read_bytes()))
        except OSError as error:
            raise NotFound(f"There is no {path}: give the folder that holds the paper's published units.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise NotReady(f"{path} cannot be read as published units ({where}: {first['msg']}).") from error

    def of(self, slug: str, layer: str) -> dict[int, ReferenceUnit]:
        """What was published of a layer's units, all of them of OpenAI's weights: the same architecture with others, or a
        local file that may hold any, has units that are not those.

        Raises:
            NotFound: nothing was.
        """
        found = self._units.get((architecture, layer)) if (architecture := papers_architecture(slug)) else None
        if not found:
            known = ", ".join(f"{name}.{OPENAI} ({place})" for name, place in sorted(self._units)) or "no model"
            raise NotFound(f"Of {layer} of {slug} nothing was published: the reference speaks of {known}.")
        return found


def papers_architecture(slug: str) -> str | None:
    """The architecture of a model that has OpenAI's weights: `RN50x4`; None of any other model."""
    architecture, _, weights = slug.rpartition(".")
    return architecture.removesuffix("-quickgelu") if weights == OPENAI else None
