"""What determines the renders of a facet table."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.spec.presets import PRESETS
from app.spec.render import RenderSpec

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
