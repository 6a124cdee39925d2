"""What determines a Stroop test."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from app.spec.finding import FindingBase
from app.spec.lines import items

INKS = ("black", "red", "green", "blue", "purple", "orange", "pink", "yellow")
STROOP_WORDS = ("example", *INKS[1:])
STROOP_PROMPT = "my favorite word, written in the color {}"
"""The article's own inks, words and prompt."""

Paper = Literal["white", "black", "both"]
Items = Annotated[tuple[str, ...], BeforeValidator(items)]
MOST, LONGEST = 16, 40


class StroopSpec(FindingBase):
    """Words written in inks, and a model's zero-shot choice among the inks."""

    kind: Literal["stroop"] = "stroop"
    inks: Items = Field(INKS, description="Colours that CSS names, or a name and its colour: mauve #e0b0ff.")
    words: Items = STROOP_WORDS
    prompt: str = Field(STROOP_PROMPT, max_length=200, description="The colour's name goes where {} is.")
    paper: Paper = "white"

    @field_validator("inks", "words")
    @classmethod
    def _not_too_many(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        fewest = 2 if info.field_name == "inks" else 1
        if not fewest <= len(given) <= MOST or not all(0 < len(each) <= LONGEST for each in given):
            raise ValueError(
                f"{info.field_name} must be from {fewest} to {MOST}, one a line, each of at most {LONGEST} characters"
            )
        return given

    @field_validator("prompt")
    @classmethod
    def _has_a_hole(cls, prompt: str) -> str:
        prompt = " ".join(prompt.split())
        if "{}" not in prompt:
            raise ValueError(f"prompt must have {{}} where the name of the colour goes, such as {STROOP_PROMPT}")
        return prompt
