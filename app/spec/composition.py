"""The spec of a composition: words as sums of units, and their atlas."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app.spec.classes import HOLE
from app.spec.finding import FindingBase

MOST_PROMPTS, LONGEST_PROMPT = 8, 120
MOST_ASIDE = 1000
_BETWEEN = re.compile(r"[\s,;]+")


def _lines(value: Any) -> Any:
    """Prompts from text, one a line, each once."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError("prompts must be texts, one a line")
    return tuple(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))


def _slotted(prompts: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(prompts) <= MOST_PROMPTS:
        raise ValueError(f"prompts: write from 1 to {MOST_PROMPTS} texts, one a line, not {len(prompts)}")
    for prompt in prompts:
        if HOLE not in prompt:
            raise ValueError(f"prompts: “{prompt[:60]}” has no {HOLE}: write it where the word goes")
        if len(prompt) > LONGEST_PROMPT:
            raise ValueError(f"prompts: “{prompt[:20]}…” has {len(prompt)} characters, more than {LONGEST_PROMPT}")
    return prompts


def _units(value: Any) -> Any:
    """Units from text, such as 12, 45: sorted, each once."""
    numbers = [each for each in _BETWEEN.split(value) if each] if isinstance(value, str) else value
    try:
        units = sorted({int(number) for number in numbers})
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError("set_aside must be numbers of units with commas between them, such as 12, 45") from error
    if len(units) > MOST_ASIDE:
        raise ValueError(f"set_aside: at most {MOST_ASIDE:,} units can be set aside, not {len(units):,}")
    if units and units[0] < 0:
        raise ValueError(f"set_aside: there is no unit {units[0]}")
    return tuple(units)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


class CompositionSpec(FindingBase):
    """Words as sums of the units that texts with them ask for, and what these codes share.

    Of words that were sent in or that a corpus records, `pasted` is the id of the list. `level` is how many units a word
    gets, 40 as many as in the article; `set_aside` are units left out of the codes, beside those that are known to read
    pairs of letters, unless their `bigrams` are kept. `shared` says of what the atlas shows the `factors`.
    """

    kind: Literal["composition"] = "composition"
    source: Literal["feelings", "concepts", "pasted"] = Field(
        "feelings", description="The article's words for feelings, what the corpus shows, or a list that was sent in."
    )
    pasted: str | None = Field(None, min_length=1, max_length=64, pattern="^[A-Za-z0-9]+$")
    prompts: Annotated[tuple[str, ...], BeforeValidator(_lines), AfterValidator(_slotted)] = Field(
        description="Texts, with {} where the word goes."
    )
    level: Annotated[Literal[10, 20, 30, 40, 80], BeforeValidator(_number)] = 40
    bigrams: Literal["aside", "kept"] = "aside"
    set_aside: Annotated[tuple[int, ...], BeforeValidator(_units)] = ()
    shared: Literal["codes", "scores"] = Field(
        "codes", description="The atlas is of what the codes share, as the article's, or of all that the texts ask for."
    )
    factors: Annotated[Literal[2, 7], BeforeValidator(_number)] = 7
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _some_words(self) -> Self:
        if (self.pasted is None) != (self.source == "feelings"):
            raise ValueError(
                "list is missing: paste some words, one a line"
                if self.pasted is None
                else "pasted was given, but source says feelings: choose pasted, or leave it out"
            )
        return self
