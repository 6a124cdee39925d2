"""Value types parsed from URLs, forms and the command line, their canonical JSON, and the ids made from it."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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
"""Where and which way a unit, a direction or a prompt is made large: its mean over the map, its value at the centre of
the map (in the Microscope, its neuron objective), or minus its mean, which shows what it speaks against."""

Of = Literal["unit", "direction", "layer", "prompt", "picture"]
"""What a render makes large: one unit, a weighted sum of units, all of a layer at once (DeepDream), the units that a text
asks for, or what another picture does to the layer (caricature)."""

MOST_UNITS = 64
LARGEST_WEIGHT = 1000.0
_TERM = re.compile(r"\s*([+\-\u2212]?)\s*(?:(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*[*\u00d7\u00b7]\s*)?(\d{1,9})\s*")
_DIRECTION_HINT = "write units with their weights, such as 381 + 0.5*17 - 42"


def parse_direction(value: Any) -> Any:
    """Units and weights from text (`381 + 0.5*17 - 42`), a mapping or pairs: sorted by unit, doubles added up."""
    pairs = _terms(value) if isinstance(value, str) else value.items() if isinstance(value, Mapping) else value
    if not isinstance(pairs, Iterable):
        raise ValueError(f"direction must be text: {_DIRECTION_HINT}")
    weights: dict[int, float] = {}
    try:
        for unit, weight in pairs:
            weights[int(unit)] = weights.get(int(unit), 0.0) + float(weight)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"direction cannot be read: {_DIRECTION_HINT}") from error
    if any(unit < 0 or not math.isfinite(weight) or abs(weight) > LARGEST_WEIGHT for unit, weight in weights.items()):
        raise ValueError(
            f"direction may have weights from -{LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}: {_DIRECTION_HINT}"
        )
    kept = tuple((unit, weights[unit]) for unit in sorted(weights) if weights[unit])
    if not 1 <= len(kept) <= MOST_UNITS:
        raise ValueError(f"direction must have from 1 to {MOST_UNITS} units, but has {len(kept)}: {_DIRECTION_HINT}")
    return kept


def _terms(text: str) -> Iterable[tuple[str, float]]:
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None or (place and not term[1]):  # every term but the first needs its sign
            raise ValueError(
                f"direction cannot be read from \u201c{text[place : place + 20]}\u201d on: {_DIRECTION_HINT}"
            )
        yield term[3], (1.0 if term[1] in ("", "+") else -1.0) * float(term[2] or 1)
        place = term.end()


Direction = Annotated[tuple[tuple[int, float], ...], BeforeValidator(parse_direction)]
Strength = Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)]


class Pull(BaseModel):
    """A facet and how strongly it pulls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str = Field(min_length=1, max_length=100)
    strength: Strength


class Preset(BaseModel):
    """A named choice of size and steps with a plain sentence on what one gets. `fixed` are the fields that it settles,
    whatever is asked for; `from_picture` says that it starts from an uploaded picture."""

    model_config = ConfigDict(frozen=True)

    name: str
    sentence: str
    size: int
    steps: int
    fixed: dict[str, Any] = Field(default_factory=dict)
    from_picture: bool = False


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
            from_picture=True,
        ),
        Preset(
            name="distill-2021",
            sentence="The article's own code, line by line: nine pictures of 256 px at rising strengths, 4,096 steps. Long without a GPU.",
            size=256,
            steps=4096,
            fixed={"strength": 5.0, "ramp": 9, "form": "released", "diversity": None},
        ),
        Preset(
            name="paper",
            sentence="The article's formula as printed: one facet layer, the probe's own weights, differentiated in full.",
            size=96,
            steps=192,
            fixed={"ramp": None, "form": "second-order"},
        ),
    )
}


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
    "direction": f"direction is missing: {_DIRECTION_HINT}",
    "prompt": "prompt is missing: type a text, such as a red apple",
    "picture": "picture is missing: choose the picture that is to be caricatured",
}


def _number(value: Any) -> float | None:
    """A field's number before it is checked; None for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
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


TABLE_PRESETS = tuple(preset.name for preset in PRESETS.values() if not preset.from_picture)


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
        if self.preset not in TABLE_PRESETS:
            raise ValueError(f"preset must be one of {', '.join(TABLE_PRESETS)}")
        return self

    def render(self, facet: str | None) -> RenderSpec:
        """The render in the column of a facet, None for the one without."""
        return RenderSpec.model_validate({**self.model_dump(), "facet": facet})


class _Finding(BaseModel):
    """What every finding's spec has; its id is the finding's address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, max_length=200)
    layer: str = Field(min_length=1, max_length=100)

    @property
    def about(self) -> int | None:
        """The one unit that it is about; None for one about all of the layer."""
        return None

    @property
    def id(self) -> str:
        """The address of the finding: a hash of the canonical spec."""
        return content_id("finding", self.canonical())

    def canonical(self) -> str:
        """The canonical JSON of the spec."""
        return canonical_json(self.model_dump(mode="json"))


class CaptionsSpec(_Finding):
    """A search for the texts that ask for one unit of a model's last layer more than others."""

    kind: Literal["captions"] = "captions"
    unit: int = Field(ge=0)
    restarts: int = Field(8, ge=1, le=16, description="Texts that climb, each by itself.")
    penalty: float = Field(0.1, ge=0, le=1, allow_inf_nan=False, description="The price of rare tokens.")
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @property
    def about(self) -> int:
        """The unit."""
        return self.unit


MOST_COMMON = 20_000


class WordsSpec(_Finding):
    """What words do to all units of a layer when they are drawn: the commonest of a language, a list of one's own, or
    both. `renderings` is the version of how they are drawn."""

    kind: Literal["words"] = "words"
    language: str = Field("", max_length=10, description="Code of a language, such as en; empty for none.")
    count: int = Field(10_000, ge=10, le=MOST_COMMON, description="How many of its commonest words.")
    pasted: str | None = Field(None, min_length=1, max_length=64, description="Id of a list that was sent in.")
    renderings: Literal[1] = 1

    @model_validator(mode="before")
    @classmethod
    def _only_what_counts(cls, values: Any) -> Any:
        """Without a language its count means nothing: one address for one result."""
        if isinstance(values, Mapping) and not values.get("language"):
            return {name: value for name, value in values.items() if name not in ("language", "count")}
        return values

    @model_validator(mode="after")
    def _some_words(self) -> Self:
        if self.pasted is not None and not self.pasted.isalnum():
            raise ValueError("pasted must be the id of a list that was sent in: letters and digits")
        if not self.language and self.pasted is None:
            raise ValueError("language is missing: choose one, or paste a list of words")
        return self


FindingSpec = CaptionsSpec | WordsSpec
"""What determines a finding: the result of an instrument other than a render."""

FINDINGS: dict[str, type[FindingSpec]] = {"captions": CaptionsSpec, "words": WordsSpec}
"""The specs by the kind of finding."""
