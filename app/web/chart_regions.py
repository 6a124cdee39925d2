"""The world of a region map as inline SVG: outlines drawn once, and over them a layer of colours for all units together and
one for each alone, of which the stylesheet shows one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.answers.regions import Place, RegionsPage
from app.microscope.lab.region_paint import HEIGHT, WIDTH, colours, country_paths, land_path, on_map

RADIUS = 10  # of the strongest city, on a map `WIDTH` wide; as in the paper
FAINTEST = 0.1  # strength of a city that is still drawn: below, a tenth of the ink on a pixel


@dataclass(frozen=True)
class Outline:
    """A country: its place in the list, its name and its outline."""

    number: int
    name: str
    path: str


@dataclass(frozen=True)
class Dot:
    """A city as a circle; `title` is what it says in words."""

    x: float
    y: float
    radius: float
    opacity: float
    colour: str
    title: str


@dataclass(frozen=True)
class Paint:
    """The colours of all units, `number` None, or of one: of countries by their place in the list, circles, or the address of
    a picture; `shown` says that they are to be seen before anything is pointed at."""

    number: int | None
    shown: bool
    countries: list[tuple[int, str]]
    dots: list[Dot]
    cells: str


@dataclass(frozen=True)
class World:
    """Everything on the map, `width` x `height`; `land` is the outline of all land where no country is drawn by itself, and
    `plain` the colour of a place that drives no unit."""

    width: int
    height: int
    plain: str
    outlines: list[Outline]
    land: str
    paints: list[Paint]
    summary: str


def world(page: RegionsPage) -> World:
    """Draw the map of a finished finding in the page's mode."""
    by_country = page.mode == "countries"
    paths = country_paths() if by_country else {}
    return World(
        width=WIDTH,
        height=HEIGHT,
        plain=_plain(),
        outlines=[
            Outline(number, place.name, paths[place.name]) for number, place in enumerate(page.countries) if paths
        ],
        land="" if by_country else land_path(),
        paints=list(_paints(page)),
        summary=_summary(page),
    )


def _paints(page: RegionsPage) -> Iterator[Paint]:
    for number in (None, *range(len(page.units))):
        unit = None if number is None else page.units[number]
        yield Paint(
            number=number,
            shown=page.isolate == (unit.card.unit if unit else None),
            countries=_coloured(page.countries, number) if page.mode == "countries" else [],
            dots=list(_dots(page, number)) if page.mode == "cities" else [],
            cells=(unit.cells if unit else page.cells) if page.mode == "map" else "",
        )


def _coloured(countries: Sequence[Place], number: int | None) -> list[tuple[int, str]]:
    found, plain = colours([place.values for place in countries], number), _plain()
    return [(place, colour) for place, (colour, _) in enumerate(found) if colour != plain]


def _dots(page: RegionsPage, number: int | None) -> Iterator[Dot]:
    """The cities, the strongest last and so on top."""
    found = zip(colours([city.values for city in page.cities], number), page.cities, strict=True)
    for (colour, strength), city in sorted(found, key=lambda each: each[0][1]):
        if strength >= FAINTEST:
            x, y = on_map(city.longitude, city.latitude)
            title = f"{city.name}, {city.country}"
            yield Dot(round(x, 1), round(y, 1), round(RADIUS * strength, 1), round(strength, 2), colour, title)


def _plain() -> str:
    ((colour, _),) = colours([[0.0]], None)
    return colour


def _summary(page: RegionsPage) -> str:
    what = {"countries": "countries coloured by what their names do", "cities": "cities as circles, the larger the more their names do", "map": "coloured by what each part of an unlabelled map does"}  # fmt: skip
    units = [page.isolate] if page.isolate is not None else [each.card.unit for each in page.units]
    return f"World map, {what[page.mode]} to {'units' if len(units) > 1 else 'unit'} {', '.join(map(str, units))}."
