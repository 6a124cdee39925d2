"""What determines a run of drawn words."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from app.spec.finding import FindingBase

MOST_COMMON = 20_000


class WordsSpec(FindingBase):
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
