"""What the article published of single units, read from a folder: the facts that a paper's model can be held against."""

import re
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from app.errors import NotFound, NotReady

UNITS = "paper_neurons.json"
OPENAI = "openai"  # the tag of their weights
TOP = 3  # words that are published of nearly every unit of RN50x4
_PLACE = re.compile(r"OpenAI (?P<architecture>\S+) visual\.(?P<stage>\w+)\[(?P<block>\d+)\]")

T = TypeVar("T")


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
        return cls(read(folder / UNITS, TypeAdapter(list[ReferenceUnit]), "published units"))

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


def read(path: Path, form: TypeAdapter[T], what: str) -> T:
    """Read a JSON file of what was published; `what` says in words what it holds.

    Raises:
        NotFound: the file is not there.
        NotReady: it cannot be read.
    """
    try:
        return form.validate_json(path.read_bytes())
    except OSError as error:
        raise NotFound(f"There is no {path}: give the folder that holds the paper's {what}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise NotReady(f"{path} cannot be read as {what} ({where}: {first['msg']}).") from error


def need_paper(slug: str, architecture: str) -> None:
    """Raise `NotFound` for another model than that which a single published figure is of."""
    if papers_architecture(slug) != architecture:
        raise NotFound(f"This was published of {architecture}.{OPENAI}, not of {slug}.")


def papers_architecture(slug: str) -> str | None:
    """The architecture of a model that has OpenAI's weights: `RN50x4`; None of any other model."""
    architecture, _, weights = slug.rpartition(".")
    return architecture.removesuffix("-quickgelu") if weights == OPENAI else None
