"""How a server stands, for people."""

from pydantic import BaseModel


class ModelState(BaseModel):
    """A served model: whether it is loaded, and its state in words."""

    slug: str
    loaded: bool
    said: str


class IndexState(BaseModel):
    """An index: how many pictures and layers it has."""

    name: str
    model: str
    images: int
    layers: int


class StatusPage(BaseModel):
    """How a server stands. `waiting` and `running` are jobs; `last_hour` counts the renders asked for since an hour, by
    status; `failed_day` the renders and findings of the last day that failed; `errors` the answers since the start that
    said that the program is at fault. `made_bytes` is what people made takes up, None before it was measured."""

    ready: bool
    reason: str
    version: str
    uptime_s: float
    device: str
    torch: str
    models: list[ModelState]
    indexes: list[IndexState]
    waiting: int
    queue_size: int
    running: int
    last_hour: dict[str, int]
    failed_day: int
    errors: int
    database: str
    revision: str | None
    database_bytes: int
    made_bytes: int | None
    quota_bytes: int | None
    free_bytes: int
