"""Named choices of what a render costs."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
