"""What determines a table of typographic attacks."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from app.spec.attack import By, StyleName
from app.spec.classes import COLUMN, HOLE, check_classes
from app.spec.finding import FindingBase

STYLES: tuple[StyleName, ...] = get_args(StyleName)


def parse_styles(value: Any) -> Any:
    """Styles in their own order, each once; one alone need not be a list."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or any(each not in STYLES for each in given):
        raise ValueError(f"styles must be among {', '.join(STYLES)}, each once")
    return tuple(each for each in STYLES if each in given)


def parse_lines(value: Any) -> Any:
    """Lines of a text without surrounding space and empty ones, or a list that is one already."""
    if isinstance(value, str):
        return tuple(line for line in (" ".join(each.split()) for each in value.splitlines()) if line)
    return value


Line = Annotated[str, Field(max_length=200)]


class AttackTableSpec(FindingBase):
    """How often texts make a model see what they say, over pictures of a corpus.

    `column` is the label column that says what a picture shows, `without` the one that says what is written on it: pictures
    that it is filled in for are left out. `rows` are classes with texts, `class: text`; without them `pairs` classes are
    drawn, each with its name as the text. `classes` are as those of an attack on one picture, by default the column's.
    """

    kind: Literal["attack_table"] = "attack_table"
    corpus: str = Field(min_length=1, max_length=200)
    column: str = Field(min_length=1, max_length=200, description="Label column: what a picture shows.")
    without: str = Field("", max_length=200, description="Label column: what is written on a picture; empty for none.")
    classes: str = Field(max_length=220, description="imagenet, column:NAME, or list:ID.")
    prompt: str = Field(HOLE, min_length=1, max_length=200, description="{} is where the class goes.")
    rows: Annotated[tuple[Line, ...], BeforeValidator(parse_lines)] = Field(
        (), max_length=100, description="Lines such as `waste container: trash`."
    )
    pairs: int = Field(10, ge=1, le=100, description="So many classes are drawn where no rows are given.")
    styles: Annotated[tuple[StyleName, ...], BeforeValidator(parse_styles)] = Field(STYLES, min_length=1)
    images: int = Field(200, ge=8, le=1000, description="Pictures to write on.")
    k: int = Field(5, ge=1, le=50, description="So many units that a text moved most are ablated.")
    by: By = Field("sd", description="Which moved most: in sd, or by what it adds to the logit.")
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="before")
    @classmethod
    def _only_what_counts(cls, values: Any) -> Any:
        """With rows nothing is drawn: one address for one result."""
        if not isinstance(values, Mapping):
            return values
        given = {"classes": f"{COLUMN}{values.get('column', '')}", **values}
        if given.get("rows") and parse_lines(given["rows"]):
            given.pop("pairs", None)
        return given

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        check_classes(self.classes, self.prompt)
        return self
