"""What determines one feature visualization."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.spec.direction import DIRECTION_HINT, Direction
from app.spec.ids import canonical_json, content_id
from app.spec.presets import PRESETS

Form = Literal["released", "paper", "second-order"]
"""Which faceted objective: the released code's (ReLU on the stopped gradient), the paper's formula with the gradient
stopped, or the paper's formula differentiated in full."""


Aim = Literal["unit", "centre", "least"]
"""Where and which way a unit, a direction or a prompt is made large: its mean over the map, its value at the centre of
the map (in the Microscope, its neuron objective), or minus its mean, which shows what it speaks against."""

Of = Literal["unit", "direction", "layer", "prompt", "picture"]
"""What a render makes large: one unit, a weighted sum of units, all of a layer at once (DeepDream), the units that a text
asks for, or what another picture does to the layer (caricature)."""

Strength = Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)]


class Pull(BaseModel):
    """A facet and how strongly it pulls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str = Field(min_length=1, max_length=100)
    strength: Strength


LATER = {
    "aim": "unit",
    "of": "unit",
    "unit": None,
    "direction": None,
    "prompt": None,
    "picture": None,
    "mix": [],
    "diversity": 0.0,
}
"""Fields that specs of earlier versions do not have, or always have, with what it means to leave them out."""

MOST_FACETS = 8
DIVERSE = 4  # pictures of a render that asks for diversity and does not say how many


class RenderSpec(BaseModel):
    """Everything that determines one feature visualization. Frozen; its id is its address.

    `of` says what is made large; of `unit`, `direction`, `prompt` and `picture` only the one it names is kept.
    `strength` is relative: at 1 the facet's gradient is about as large as the objective's own. `mix` are further facets,
    each with a strength of its own. `ramp` pictures are grown together at strengths from 0.1 x `strength` up to
    `strength`, as the released code does over its batch of nine; with 1 there is one picture at `strength`. With
    `diversity` the pictures have the same strength and are driven apart from each other instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, max_length=200)
    layer: str = Field(min_length=1, max_length=100)
    of: Of = "unit"
    unit: int | None = Field(None, ge=0)
    direction: Direction | None = Field(None, description="Units with weights, such as 381 + 0.5*17 - 42.")
    prompt: str | None = Field(None, min_length=1, max_length=300, description="A text; the layer must be the last.")
    picture: str | None = Field(
        None, max_length=64, description="Id of an uploaded picture: what a caricature or `accentuate` starts from."
    )
    facet: str | None = Field(None, max_length=100, description="Facet id; none means the plain visualization.")
    strength: Strength = 1.0
    mix: tuple[Pull, ...] = Field((), max_length=MOST_FACETS - 1)
    diversity: float = Field(0.0, ge=0, le=5, allow_inf_nan=False)
    form: Form = "released"
    aim: Aim = "unit"
    preset: str = "standard"
    size: int = Field(96, ge=32, le=512, description="Side of the picture in pixels.")
    steps: int = Field(192, ge=1, le=4096)
    ramp: int = Field(1, ge=1, le=9)
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, values: Any) -> Any:
        """Take size and steps from the preset where they are not given, and drop what means nothing: one address for
        one picture, not many."""
        if not isinstance(values, dict):
            return values
        given = {key: value for key, value in values.items() if value not in (None, "", [], ())}
        preset = PRESETS.get(str(given.get("preset", "standard")))
        if preset is None:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
        given.setdefault("size", preset.size)
        given.setdefault("steps", preset.steps)
        given |= preset.fixed
        _keep_the_target(given)
        _sort_the_facets(given)
        if _number(given.get("diversity", 0)) == 0:
            given.pop("diversity", None)
            if "facet" not in given:
                given.pop("ramp", None)
        elif _number(given.get("ramp")) in (None, 1):
            given["ramp"] = DIVERSE
        if "facet" not in given:
            for name in ("strength", "form"):
                given.pop(name, None)
        return {key: value for key, value in given.items() if value is not None}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.of != "layer" and getattr(self, self.of) is None:
            raise ValueError(_MISSING[self.of])
        if PRESETS[self.preset].from_picture and self.picture is None:
            raise ValueError(f"picture is missing: the preset {self.preset} starts from a picture, so choose one")
        return self

    @property
    def pulls(self) -> tuple[Pull, ...]:
        """All facets with their strengths, in the order of their ids."""
        return (Pull(facet=self.facet, strength=self.strength), *self.mix) if self.facet else ()

    @property
    def id(self) -> str:
        """The address of the render: a hash of the canonical spec."""
        return content_id("render", self.canonical())

    def canonical(self) -> str:
        """The canonical JSON of the spec. Fields that came later are left out at their defaults: addresses stay."""
        spec = self.model_dump(mode="json")
        return canonical_json({name: value for name, value in spec.items() if LATER.get(name, ...) != value})

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed, checked and sorted anew."""
        return type(self).model_validate({**self.model_dump(), **changes})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `canonical` wrote."""
        return cls.model_validate_json(text)


_MISSING = {
    "unit": "unit is missing. Fill it in and send the form again",
    "direction": f"direction is missing: {DIRECTION_HINT}",
    "prompt": "prompt is missing: type a text, such as a red apple",
    "picture": "picture is missing: choose the picture that is to be caricatured",
}


def _number(value: Any) -> float | None:
    """A field's number before it is checked; None for what is none."""
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        return None


def _keep_the_target(given: dict[str, Any]) -> None:
    """Find what is made large and drop what belongs to other targets."""
    named = [name for name in ("unit", "direction", "prompt") if name in given]
    if "of" not in given:
        if len(named) > 1:
            raise ValueError(f"{named[1]} and {named[0]} were both given: say with of which one is made large")
        given["of"] = named[0] if named else "unit"
    of = given["of"]
    if "picture" in given and of != "picture" and not PRESETS[str(given.get("preset", "standard"))].from_picture:
        raise ValueError(
            "picture was given, but nothing would use it: choose the preset accentuate, make what the picture does "
            "large, or leave the picture out"
        )
    for name in named:
        if name != of:
            del given[name]
    if of in ("layer", "picture"):
        given.pop("aim", None)
    if of == "prompt":
        given["prompt"] = " ".join(str(given.get("prompt", "")).split()) or None


def _sort_the_facets(given: dict[str, Any]) -> None:
    """Bring the facets of a mix into the order of their ids; strengths of one named twice are added up."""
    mix = given.pop("mix", None)
    if mix is None:
        return
    if isinstance(mix, Mapping):
        mix = [{"facet": facet, "strength": strength} for facet, strength in mix.items()]
    if not isinstance(mix, list | tuple):
        raise ValueError("mix must be a list of facets with their strengths, such as {facet: text, strength: 0.5}")
    first = [Pull(facet=given["facet"], strength=given.get("strength", 1.0))] if "facet" in given else []
    strengths: dict[str, float] = {}
    for pull in (*first, *(Pull.model_validate(each) for each in mix)):
        strengths[pull.facet] = strengths.get(pull.facet, 0.0) + pull.strength
    pulls = [Pull(facet=facet, strength=strengths[facet]) for facet in sorted(strengths) if strengths[facet]]
    if pulls:
        given["facet"], given["strength"] = pulls[0].facet, pulls[0].strength
        given["mix"] = pulls[1:]
