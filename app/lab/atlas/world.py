"""The countries and cities of the atlas, read once."""

import csv
import json
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from app.lab.atlas.topojson import Line, Polygon, arcs, polygons

_FOLDER = Path(__file__).parent


class Country(NamedTuple):
    """A country by its name in full."""

    name: str
    polygons: list[Polygon]


class City(NamedTuple):
    """A city and where it lies, in degrees."""

    name: str
    country: str
    latitude: float
    longitude: float


@lru_cache(maxsize=1)
def countries() -> tuple[Country, ...]:
    """All countries of the atlas, in its order."""
    full = tomllib.loads((_FOLDER / "names.toml").read_text("utf-8"))
    names = [geometry["properties"]["name"] for geometry in _geometries("countries")]
    parts = [polygons(geometry, borders()) for geometry in _geometries("countries")]
    return tuple(Country(full.get(name, name), part) for name, part in zip(names, parts, strict=True))


@lru_cache(maxsize=1)
def land() -> tuple[Polygon, ...]:
    """All land without borders; the Caspian Sea is a hole."""
    return tuple(each for geometry in _geometries("land") for each in polygons(geometry, borders()))


@lru_cache(maxsize=1)
def borders() -> tuple[Line, ...]:
    """Every coast and border once."""
    return tuple(arcs(_topology()))


@lru_cache(maxsize=1)
def cities() -> tuple[City, ...]:
    """Some hundred cities from all over the world, the most populous first."""
    with (_FOLDER / "cities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            City(row["name"], row["country"], float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(file)
        )


@lru_cache(maxsize=1)
def _topology() -> dict[str, Any]:
    return json.loads((_FOLDER / "countries-110m.json").read_text("utf-8"))


def _geometries(name: str) -> list[dict[str, Any]]:
    return _topology()["objects"][name]["geometries"]
