"""What determines a table of labelled photos."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from app.spec.classes import IMAGENET, check_classes
from app.spec.finding import FindingBase

MOST_PHOTOS = 60


class WildPhoto(BaseModel):
    """A photo by its content id: which object it shows, and what is written on it, empty for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blob: str = Field(pattern=r"^[0-9a-f]{16}$")
    thing: str = Field(min_length=1, max_length=40)
    label: str = Field("", max_length=40)


def parse_called(value: Any) -> Any:
    """Names with the class that each means, from lines such as `trash = trash can`, a mapping or pairs: sorted, the names in
    lower case, as they are compared."""
    if isinstance(value, str):
        value = [line.split("=", 1) for line in re.split(r"[\n;]", value) if line.strip()]
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list | tuple) or not all(map(_is_pair, pairs)):
        raise ValueError("called must have a name and its class on every line, such as trash = trash can")
    return tuple(sorted({_tidy(name).casefold(): _tidy(meant) for name, meant in pairs}.items()))


def _tidy(text: Any) -> str:
    return " ".join(str(text).split())


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(str(each).strip() for each in pair)


class WildSpec(FindingBase):
    """Photos of objects with labels stuck to them, by the model's zero-shot choice and by a linear probe.

    Zero-shot chooses among `classes`, which are named as those of an attack, and one for every name that is none of them. The
    probe chooses among the values of the label `column` of the model's first corpus; without a column there is none.
    """

    kind: Literal["wild"] = "wild"
    photos: tuple[WildPhoto, ...] = Field(min_length=1, max_length=MOST_PHOTOS)
    classes: str = Field(IMAGENET, max_length=200, description="imagenet, column:NAME, or list:ID.")
    prompt: str = Field("a photo of a {}", min_length=1, max_length=200, description="{} is where the class goes.")
    called: Annotated[tuple[tuple[str, str], ...], BeforeValidator(parse_called)] = Field(
        (), max_length=2 * MOST_PHOTOS, description="Which class a name means: trash = trash can."
    )
    column: str | None = Field(None, max_length=200, description="The label column that the linear probe learns.")

    @field_validator("photos")
    @classmethod
    def _sorted(cls, photos: tuple[WildPhoto, ...]) -> tuple[WildPhoto, ...]:
        """By object and label: one address for the same photos. Each object has one photo of a label."""
        places = sorted(photos, key=lambda photo: (photo.thing.casefold(), photo.label.casefold(), photo.blob))
        for one, other in zip(places, places[1:], strict=False):
            if (one.thing.casefold(), one.label.casefold()) == (other.thing.casefold(), other.label.casefold()):
                what = f"with the label {one.label}" if one.label else "without a label"
                raise ValueError(f"photos has two of the {one.thing} {what}: give one of the objects another name")
        return tuple(places)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        check_classes(self.classes, self.prompt)
        return self
