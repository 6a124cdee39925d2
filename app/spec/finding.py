"""What the specs of all findings share."""

from pydantic import BaseModel, ConfigDict, Field

from app.spec.ids import canonical_json, content_id


class FindingBase(BaseModel):
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
