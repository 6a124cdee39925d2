"""What the paper and its code published of single units: labels, families, the facet that shows them best, top words.

`units.json` holds facts from Goh et al., *Multimodal Neurons in Artificial Neural Networks*, Distill 2021 (CC BY 4.0):
its figures and the data behind them; `NOTICE.md` says so. The words are the strongest of 10,000 English words drawn as
pictures, the captions texts that a search found. `feelings.txt` holds the words whose codes the article shows.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

CREDIT = "Goh et al., Multimodal Neurons in Artificial Neural Networks, Distill 2021, CC BY 4.0"
_FILE = Path(__file__).with_name("units.json")
_FAMILIES = Path(__file__).with_name("families.toml")
_FEELINGS = Path(__file__).with_name("feelings.txt")


class PublishedUnit(BaseModel):
    """What was published of a unit; most have words only. `words` and `captions` are strongest first; `bigram` marks the
    units that the authors set aside because they read pairs of letters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = ""
    families: tuple[str, ...] = ()
    facet: str | None = None
    words: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    bigram: bool = False


def published(slug: str, layer: str) -> Mapping[int, PublishedUnit]:
    """What was published of a layer's units, by unit; empty for every model that the paper does not speak of."""
    return _all().get(slug, {}).get(layer, {})


def published_layer(slug: str) -> str | None:
    """The layer of a model whose units the paper sorted into families; None for every model that it does not speak of."""
    layers = _all().get(slug, {})
    return next((layer for layer, units in layers.items() if any(unit.families for unit in units.values())), None)


def bigrams(slug: str, layer: str) -> set[int]:
    """The units of a layer that the authors set aside, since they read pairs of letters; none for models that the paper does
    not speak of."""
    return {unit for unit, each in published(slug, layer).items() if each.bigram}


@lru_cache(maxsize=1)
def described() -> Mapping[str, str]:
    """The published families in the order of the paper's figure 1, and a line on each in our own words."""
    with _FAMILIES.open("rb") as file:
        return {name: each["text"] for name, each in tomllib.load(file).items()}


@lru_cache(maxsize=1)
def feelings() -> tuple[str, ...]:
    """The 126 words for feelings of the article's figures 9 to 13, from Willcox's feeling wheel (1982)."""
    return tuple(_FEELINGS.read_text().split("\n")[:-1])


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, dict[int, PublishedUnit]]]:
    return TypeAdapter(dict[str, dict[str, dict[int, PublishedUnit]]]).validate_python(json.loads(_FILE.read_text()))
