"""What determines sparse codes."""

from typing import Literal, Self

from pydantic import Field, model_validator

from app.spec.finding import FindingBase

MOST_IMAGES = 20_000


class CodesSpec(FindingBase):
    """The classes of a label column as sums of a few units of a layer: fitted to one half of the images, counted on the
    other. Without a `corpus` they are those of the model's first one."""

    kind: Literal["codes"] = "codes"
    corpus: str | None = Field(None, min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=200, description="The label column whose values are the classes.")
    classes: int = Field(200, ge=2, le=1000, description="How many of its classes at most, the commonest.")
    images: int = Field(100, ge=4, le=1000, description="How many images of each class at most.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Draws the images and halves them.")

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if self.classes * self.images > MOST_IMAGES:
            raise ValueError(
                f"images may be at most {MOST_IMAGES // self.classes:,} of a class where there are {self.classes:,} "
                f"classes, {MOST_IMAGES:,} in all: take fewer of either"
            )
        return self
