"""Value types parsed from URLs, forms and the command line, their canonical JSON, and the ids made from it."""

import hashlib
import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ID_LENGTH = 16  # hex digits, 64 bits: a collision needs billions of renders


def canonical_json(value: Any) -> str:
    """Serialise so that equal values give equal text: sorted keys, no spaces, plain ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def content_id(*parts: bytes | str) -> str:
    """Hash the parts, each preceded by its length so that no two lists collide, to `ID_LENGTH` hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:ID_LENGTH]


Form = Literal["released", "paper", "second-order"]
"""Which faceted objective: the released code's (ReLU on the stopped gradient), the paper's formula with the gradient
stopped, or the paper's formula differentiated in full."""


Aim = Literal["unit", "centre", "least"]
"""What a render makes large: the unit's mean over the map, its value at the centre of the map (in the Microscope, its
neuron objective), or minus its mean, which shows what the unit speaks against."""


class Preset(BaseModel):
    """A named choice of size and steps with a plain sentence on what one gets. `fixed` are the fields that it settles,
    whatever is asked for."""

    model_config = ConfigDict(frozen=True)

    name: str
    sentence: str
    size: int
    steps: int
    fixed: dict[str, Any] = Field(default_factory=dict)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="preview", sentence="A quick look: 64 px, 64 steps.", size=64, steps=64),
        Preset(name="standard", sentence="The default: 96 px, 192 steps.", size=96, steps=192),
        Preset(name="fine", sentence="A larger picture: 160 px, 384 steps.", size=160, steps=384),
        Preset(
            name="maco",
            sentence="Drawn with the corpus' own mix of coarse and fine, only arranged anew (MaCo): 96 px, 192 steps.",
            size=96,
            steps=192,
        ),
        Preset(
            name="accentuate",
            sentence="From a picture of yours: what in it the unit would have more of. 128 px, 128 steps.",
            size=128,
            steps=128,
        ),
        Preset(
            name="distill-2021",
            sentence="The article's own code, line by line: nine pictures of 256 px at rising strengths, 4,096 steps. Long without a GPU.",
            size=256,
            steps=4096,
            fixed={"strength": 5.0, "ramp": 9, "form": "released"},
        ),
    )
}


LATER = {"aim": "unit"}
"""Fields that specs of earlier versions do not have, with what they meant."""


class RenderSpec(BaseModel):
    """Everything that determines one feature visualization. Frozen; its id is its address.

    `strength` is relative: at 1 the facet's gradient is about as large as the unit's own.
    `ramp` pictures are grown together at strengths from 0.1 x `strength` up to `strength`, as the released code does
    over its batch of nine; with 1 there is one picture at `strength`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, max_length=200)
    layer: str = Field(min_length=1, max_length=100)
    unit: int = Field(ge=0)
    facet: str | None = Field(None, max_length=100, description="Facet id; none means the plain visualization.")
    strength: float = Field(1.0, ge=-5, le=5, allow_inf_nan=False)
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
        """Take size and steps from the preset where they are not given, and drop what a plain render ignores."""
        if not isinstance(values, dict):
            return values
        given = {key: value for key, value in values.items() if value not in (None, "")}
        preset = PRESETS.get(str(given.get("preset", "standard")))
        if preset is None:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
        given.setdefault("size", preset.size)
        given.setdefault("steps", preset.steps)
        given |= preset.fixed
        if "facet" not in given:  # strength, form and ramp mean nothing without a facet: one address, not many
            for name in ("strength", "form", "ramp"):
                given.pop(name, None)
        return given

    @property
    def id(self) -> str:
        """The address of the render: a hash of the canonical spec."""
        return content_id("render", self.canonical())

    def canonical(self) -> str:
        """The canonical JSON of the spec. Fields that came later are left out at their defaults: addresses stay."""
        spec = self.model_dump(mode="json")
        return canonical_json({name: value for name, value in spec.items() if LATER.get(name, ...) != value})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `canonical` wrote."""
        return cls.model_validate_json(text)


class TableSpec(BaseModel):
    """One unit without a facet and with each of its model's, all else the same: the renders of a facet table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    layer: str
    unit: int = Field(ge=0)
    preset: str = "preview"
    strength: float = Field(1.0, ge=-5, le=5, allow_inf_nan=False)
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
        return self

    def render(self, facet: str | None) -> RenderSpec:
        """The render in the column of a facet, None for the one without."""
        return RenderSpec.model_validate({**self.model_dump(), "facet": facet})
