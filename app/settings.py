"""The settings of one Facetscope process: frozen, each read from `FACETSCOPE_<NAME>` or given on the command line."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

VERSION = "0.1.0"  # as pyproject.toml has it
ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 16
Kind = Literal["private", "team", "public"]
"""Of access: who may do what."""
Words = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(lambda value: tuple(value.split()) if isinstance(value, str) else value)
]
Folders = Annotated[
    tuple[Path, ...],
    NoDecode,
    BeforeValidator(lambda value: tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value),
]


class Settings(BaseSettings):
    """Everything that can be set from outside. The README's table is generated from the descriptions."""

    model_config = SettingsConfigDict(env_prefix="FACETSCOPE_", frozen=True)

    data: Path = Field(Path("data"), description="Folder for the database, facets, renders and indexes.")
    model_cache: Path = Field(ROOT / "model_cache", description="Folder that downloaded weights are kept in.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite inside the data folder.")
    blobs: str = Field(
        "", description="Where pictures are kept, such as s3://BUCKET/PREFIX; empty means in the data folder."
    )
    indexes: Folders = Field(
        (), description="Exported indexes to serve where they lie: folders, separated as those of PATH are."
    )
    models: Words = Field(
        ("iconclip",), description="Models to serve, space separated slugs; the first is the default."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the model lives; auto takes a GPU if any."
    )
    torch_threads: int = Field(
        0, ge=0, description="CPU threads for torch; 0 means all cores but one, which is left to the web server."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    allowed_hosts: Words = Field(
        (),
        description="Host names the server answers to, space separated; * is any. Empty means this computer's own names "
        "while it listens there only, and any name elsewhere.",
    )
    trusted_proxies: Words = Field(
        ("127.0.0.1",),
        description="Addresses or networks of proxies that are believed who a visitor is, space separated.",
    )
    access: Kind = Field(
        "private",
        description="Who may do what: private lets everybody do everything, team asks for a key to change anything, "
        "public lets everybody browse and make, within limits.",
    )
    browsing: Literal["open", "closed"] = Field(
        "open", description="Whether a team's pages are seen without a key: open or closed."
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description=f"A team's shared secret, as good as a key that may make; {SHORTEST_SECRET} characters at least.",
    )
    renders_per_hour: int = Field(
        60,
        ge=0,
        description="New renders that a visitor of a team or in public may ask for in an hour; 0 is any number.",
    )
    findings_per_hour: int = Field(30, ge=0, description="The same for what instruments find.")
    facets_per_hour: int = Field(20, ge=0, description="The same for facets sent.")
    uploads_per_hour: int = Field(
        60, ge=0, description="The same for pictures to look at or start from, and word lists."
    )
    changes_per_hour: int = Field(
        2000, ge=0, description="The same for everything that is sent: the above, labels, notes."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: lines for people, or one JSON object a line."
    )
    renders_at_once: int = Field(16, ge=1, description="Renders that grow side by side; further ones wait.")
    queue_size: int = Field(16, ge=1, description="Jobs that may wait for the device before new ones get 429.")
    max_body_bytes: int = Field(128_000_000, ge=1, description="Largest request body, in bytes.")
    upload_seconds: float = Field(
        600, gt=0, description="Longest time that one request body may take to arrive, in seconds."
    )
    max_image_bytes: int = Field(32_000_000, ge=1, description="Largest single picture file, in bytes.")
    max_image_pixels: int = Field(40_000_000, ge=1, description="Largest picture, in pixels.")
    max_facet_images: int = Field(1000, ge=8, description="Most pictures one facet may have.")
    max_render_size: int = Field(512, ge=32, le=512, description="Largest side of a render, in pixels.")
    max_render_steps: int = Field(4096, ge=1, le=4096, description="Most steps of a render.")
    disk_quota_bytes: int = Field(
        0, ge=0, description="Most that what people made may take up, in bytes; 0 is no limit. Over it old pictures go."
    )
    keep_uploads_days: int = Field(
        0,
        ge=0,
        description="Days after which looks, and uploads that nothing uses, are deleted; 0 keeps them for ever.",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**{name: value for name, value in values.items() if value is not None})

    @model_validator(mode="after")
    def _guards_what_it_says(self) -> Self:
        """Refuse what would seem to protect the server and does not."""
        secret = self.secret.get_secret_value()
        if secret and self.access == "private":
            raise ValueError("secret: it protects nothing while access is private; set access to team")
        if secret and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"secret: it has {len(secret)} characters, and needs {SHORTEST_SECRET} at least")
        if self.browsing == "closed" and self.access != "team":
            raise ValueError(f"browsing: it can only be closed where access is team, and access is {self.access}")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'facetscope.sqlite3'}"

    @property
    def hosts(self) -> list[str]:
        """The host names in force: a page of another site whose name was turned to this computer does not have one of
        these (DNS rebinding)."""
        local = ["localhost", "127.0.0.1", "::1", "[::1]"]
        return list(self.allowed_hosts) or (local if self.host in local else ["*"])
