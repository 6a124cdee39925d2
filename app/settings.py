"""The settings of one Facetscope process: frozen, each read from `FACETSCOPE_<NAME>` or given on the command line."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

VERSION = "0.1.0"  # as pyproject.toml has it
ROOT = Path(__file__).resolve().parent.parent
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
    allowed_hosts: Words = Field(("*",), description="Host names the server answers to, space separated; * is any.")
    renders_at_once: int = Field(16, ge=1, description="Renders that grow side by side; further ones wait.")
    queue_size: int = Field(16, ge=1, description="Jobs that may wait for the device before new ones get 429.")
    max_body_bytes: int = Field(128_000_000, ge=1, description="Largest request body, in bytes.")
    max_image_bytes: int = Field(32_000_000, ge=1, description="Largest single picture file, in bytes.")
    max_image_pixels: int = Field(40_000_000, ge=1, description="Largest picture, in pixels.")
    max_facet_images: int = Field(1000, ge=8, description="Most pictures one facet may have.")

    def __init__(self, **values: Any) -> None:
        super().__init__(**{name: value for name, value in values.items() if value is not None})

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'facetscope.sqlite3'}"

    @property
    def hosts(self) -> list[str]:
        """The host names in force."""
        local = ["localhost", "127.0.0.1", "[::1]"]
        return list(self.allowed_hosts) or (local if self.host in local else ["*"])
