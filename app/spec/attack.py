"""What determines typographic attacks on one picture: one text, or a search over many."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from app.spec.classes import check_classes
from app.spec.finding import FindingBase

StyleName = Literal["paper", "label", "free"]
By = Literal["sd", "logit"]
"""What units are ranked by: how far they rise, in standard deviations, or what that adds to the logit of what is written."""
InkName = Literal["white", "black", "red", "green", "blue", "yellow"]

_PLACED = frozenset({"x", "y", "width", "turn"})  # what the paper's style has not
_INKED = frozenset({"ink", "outlined"})  # what free writing alone has


class OverlaySpec(FindingBase):
    """A picture, how a text is put on it, and what the model may then say it shows.

    `classes` are ImageNet's, `column:NAME` for the values of a label column of the model's first corpus, or `list:ID` for
    a list that was sent in. Of the place, what is left out is as the style has it.
    """

    picture: str = Field(pattern="^[a-z0-9]{1,64}$", description="Id of a picture that was sent in.")
    style: StyleName = Field("label", description="paper: eight copies as in the paper; label: a slip of paper; free.")
    x: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="Middle, from the left, as a share.")
    y: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="Middle, from the top, as a share.")
    width: float | None = Field(None, ge=0.05, le=1, allow_inf_nan=False, description="Share of the picture's width.")
    turn: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False, description="Degrees, anticlockwise.")
    ink: InkName = "white"
    outlined: bool = True
    classes: str = Field(max_length=200, description="imagenet, column:NAME, or list:ID.")
    prompt: str = Field("a photo of a {}", min_length=1, max_length=200, description="{} is where the class goes.")
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="before")
    @classmethod
    def _only_what_counts(cls, values: Any) -> Any:
        """What the style does not use means nothing: one address for one result."""
        if not isinstance(values, Mapping):
            return values
        style = values.get("style", "label")
        unused = {"paper": _PLACED | _INKED, "label": _INKED}.get(style if isinstance(style, str) else "", frozenset())
        return {name: value for name, value in values.items() if name not in unused}

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        check_classes(self.classes, self.prompt)
        return self


class AttackSpec(OverlaySpec):
    """What a text on a picture does to what a model says of it, and to the units of a layer.

    The `k` units that it moved most, by `by`, are then ablated.
    """

    kind: Literal["attack"] = "attack"
    text: str = Field(min_length=1, max_length=40)
    k: int = Field(5, ge=0, le=200, description="Units to ablate.")
    by: By = Field("sd", description="Which moved most: in sd, or by what it adds to the logit.")

    @field_validator("text", mode="before")
    @classmethod
    def _one_line(cls, text: Any) -> Any:
        return " ".join(text.split()) if isinstance(text, str) else text


class AttackSearchSpec(OverlaySpec):
    """Which class's name, written on a picture, makes the model say that class: every name of at most `longest` characters, the
    shortest `count` of them, on the picture and on `others` of the corpus besides."""

    kind: Literal["attack_search"] = "attack_search"
    longest: int = Field(8, ge=1, le=40, description="Characters of a name that is tried.")
    count: int = Field(100, ge=2, le=1000, description="Names that are tried, the shortest first.")
    others: int = Field(0, ge=0, le=15, description="Further pictures, drawn from the corpus.")
