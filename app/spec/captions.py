"""What determines a search for captions."""

from typing import Literal

from pydantic import Field

from app.spec.finding import FindingBase


class CaptionsSpec(FindingBase):
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
