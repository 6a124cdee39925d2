"""The concepts of the picture world, read from `concepts.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONCEPTS_FILE = Path(__file__).with_name("concepts.toml")


@dataclass(frozen=True)
class Concept:
    """One thing the world can draw, sketch and write. `words[0]` is what zero-shot evaluation calls it."""

    name: str
    family: str
    words: tuple[str, ...]
    icons: tuple[str, ...]
    fx: tuple[str, ...]
    line: tuple[str, ...]
    flag: str | None
    country: str | None
    shapes: str | None
    count: int | None
    stage: int

    @property
    def word(self) -> str:
        return self.words[0]


def _parse(name: str, entry: dict) -> Concept:
    words = tuple(entry["words"])
    icons = tuple(entry["icons"])
    return Concept(
        name=name,
        family=entry["family"],
        words=words,
        icons=icons,
        fx=tuple(entry.get("fx", ())),
        line=tuple(entry.get("line", (*words, *icons))),
        flag=entry.get("flag"),
        country=entry.get("name"),
        shapes=entry.get("shapes"),
        count=entry.get("count"),
        stage=entry.get("stage", 1),
    )


@cache
def concepts(stage: int = 1) -> tuple[Concept, ...]:
    """The concepts up to a stage, in the order of the file, which is the order of every table of the evaluation."""
    entries = tomllib.loads(CONCEPTS_FILE.read_text("utf-8"))
    return tuple(c for c in (_parse(name, entry) for name, entry in entries.items()) if c.stage <= stage)
