"""A region map as an answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app import urls
from app.answers.findings import FindingView
from app.answers.layer import UnitCard
from app.answers.regions import City, Place, RegionMode, RegionModeLink, RegionsPage, RegionUnit, StrongPlace
from app.lab.atlas.world import cities, countries
from app.lab.regions import Regions, Values
from app.microscope.instruments import so_far
from app.microscope.lab import region_paint
from app.spec import RegionsSpec
from app.store import FindingRow

STRONGEST = 5  # places of a unit in the table
BY_NAMES = "those that names of countries drive most selectively"
DIGITS = 3  # of a value from 0 to 1
MODES: dict[RegionMode, str] = {
    "countries": "Countries by name",
    "cities": "Cities by name",
    "map": "Unlabelled map",
}


def choice(by_paper: bool) -> str:
    """Which units are taken where nobody names any, in words."""
    return "those that the paper shows as region units" if by_paper else BY_NAMES


def choices(by_paper: bool, last: str) -> str:
    """The same of all layers of a model of whose last one the paper may show some."""
    return f"in {last} {choice(True)} and in other layers {BY_NAMES}" if by_paper else BY_NAMES


def empty(row: FindingRow, ahead: int, view: FindingView, choice: str) -> RegionsPage:
    """The page before anything is found; `choice` are the units that are taken where none were named."""
    spec = RegionsSpec.model_validate_json(row.spec)
    return RegionsPage(
        **so_far(row, ahead),
        spec=spec,
        mode=view.mode,
        modes=[
            RegionModeLink(name=name, title=title, url=urls.regions(row.id, name, view.isolate), here=name == view.mode)
            for name, title in MODES.items()
        ],
        isolate=view.isolate,
        all_units=urls.regions(row.id, view.mode),
        units=[],
        chosen="" if spec.units else choice,
        countries=[],
        cities=[],
        cells=urls.region_picture(row.id, "cells.png"),
        name_drawn="",
        name_picture=urls.region_picture(row.id, "name.webp"),
        crops_picture=urls.region_picture(row.id, "crops.webp"),
        sensitive=[],
        layer_url=urls.layer(spec.model, spec.layer),
        outdated=False,
    )


def found(row: FindingRow, regions: Regions, cards: Sequence[UnitCard], mode: RegionMode) -> dict[str, Any]:
    """What a finished finding adds to that."""
    drawn = len(countries())
    country_names, city_names = [each.name for each in countries()], [each.name for each in cities()]
    activations = regions.names.numpy()
    units = [
        RegionUnit(
            card=card,
            colour=region_paint.swatch(number, len(cards)),
            isolate=urls.regions(row.id, mode, card.unit),
            cells=urls.region_picture(row.id, "cells.png", card.unit),
            countries=_strongest(country_names, regions.countries[:, number], activations[:drawn, number]),
            cities=_strongest(city_names, regions.cities[:, number], activations[drawn:, number]),
            nearby=nearby,
            chance=chance,
        )
        for number, (card, (nearby, chance)) in enumerate(zip(cards, row.result["nearby"], strict=True))
    ]
    return {
        "units": units,
        "countries": [
            Place(name=name, values=values)
            for name, values in zip(country_names, _rounded(regions.countries), strict=True)
        ],
        "cities": [
            City(
                name=city.name,
                country=city.country,
                latitude=city.latitude,
                longitude=city.longitude,
                values=values,
            )
            for city, values in zip(cities(), _rounded(regions.cities), strict=True)
        ],
        "name_drawn": strongest(regions),
    }


def strongest(regions: Regions) -> str:
    """The country whose name drives the first unit most."""
    return countries()[int(regions.countries[:, 0].argmax())].name


def _strongest(names: Sequence[str], values: Values, activations: np.ndarray) -> list[StrongPlace]:
    order = np.argsort(-activations, kind="stable")[:STRONGEST].tolist()
    return [
        StrongPlace(name=names[place], value=round(float(values[place]), DIGITS), activation=float(activations[place]))
        for place in map(int, order)
    ]


def _rounded(values: Values) -> list[list[float]]:
    return values.round(DIGITS).tolist()
