"""The atlas: TopoJSON decoded as its format says, a round world laid flat, and the real countries and cities."""

import re

import numpy as np
import pytest

from app.errors import NotReady
from app.lab.atlas.flat import HEIGHT, WIDTH, laid_flat, projected
from app.lab.atlas.outline import country_paths, land_path, path
from app.lab.atlas.picture import LAND, SEA, unlabelled
from app.lab.atlas.topojson import arcs, polygons
from app.lab.atlas.world import cities, countries, land
from app.lab.fonts import FONTS, lacks

TWO_SQUARES = {
    "transform": {"scale": [2, 1], "translate": [10, 20]},
    "arcs": [
        [[1, 0], [0, 1]],  # the side that both share, upwards
        [[1, 1], [-1, 0], [0, -1], [1, 0]],  # around the left one, back to the start
        [[1, 0], [1, 0], [0, 1], [-1, 0]],  # around the right one, to where the shared side ends
    ],
}


def test_rings_are_arcs_in_order_and_neighbours_share_one_the_other_way_round() -> None:
    lines = arcs(TWO_SQUARES)
    ((left,),) = polygons({"type": "Polygon", "arcs": [[0, 1]]}, lines)
    ((right,),) = polygons({"type": "MultiPolygon", "arcs": [[[2, ~0]]]}, lines)
    assert left.tolist() == [[12, 20], [12, 21], [10, 21], [10, 20], [12, 20]]
    assert right.tolist() == [[12, 20], [14, 20], [14, 21], [12, 21], [12, 20]]


def test_what_is_no_polygon_is_refused_in_words() -> None:
    with pytest.raises(NotReady, match="a Point, and only polygons"):
        polygons({"type": "GeometryCollection", "geometries": [{"type": "Point"}]}, [])


def test_every_ring_of_the_world_is_closed() -> None:
    rings = [ring for country in countries() for shape in country.polygons for ring in shape]
    assert len(countries()) == 177
    assert all(len(ring) >= 4 and ring[0].tolist() == ring[-1].tolist() for ring in rings)


def test_lesotho_is_the_hole_in_south_africa() -> None:
    named = {country.name: country.polygons for country in countries()}
    (hole,) = [ring for shape in named["South Africa"] for ring in shape[1:]]
    ((lesotho,),) = named["Lesotho"]
    assert set(map(tuple, hole.tolist())) == set(map(tuple, lesotho.tolist()))


def test_a_ring_across_the_edge_is_drawn_on_both_sides_and_one_around_the_pole_is_led_along_it() -> None:
    across = np.array([[178.0, 0], [-178, 0], [-178, 5], [178, 5], [178, 0]])
    west, east = laid_flat(across, closed=True)
    assert west[:, 0].tolist() == [-182, -178, -178, -182, -182]
    assert east[:, 0].tolist() == [178, 182, 182, 178, 178]
    around = np.array([[-180.0, -70], [-60, -75], [60, -75], [180, -70]])
    (flat,) = laid_flat(around, closed=True)
    assert flat[-3:].tolist() == [[180, -90], [-180, -90], [-180, -70]]
    assert [each.tolist() for each in laid_flat(around[1:3], closed=False)] == [around[1:3].tolist()]


def test_the_projection_keeps_degrees_equal() -> None:
    corners = np.array([[-180.0, 90], [0, 0], [180, -90]])
    assert projected(corners).tolist() == [[0, 0], [WIDTH / 2, HEIGHT / 2], [WIDTH, HEIGHT]]


def test_a_path_leads_back_to_the_points_it_was_made_of() -> None:
    ring = np.array([[0.0, 0], [30, 0], [30, 15], [30.01, 15.01], [0, 15], [0, 0]])
    assert path([(ring,)]) == "M480,240l80,0 0,-40 -80,0z"
    assert path([(ring * 0.0001,)]) == ""  # smaller than can be seen
    for name, drawn in country_paths().items():
        assert re.fullmatch(r"(M-?[\d.]+,-?[\d.]+l(-?[\d.]+,-?[\d.]+ ?)+z)+", drawn), name
    assert len("".join(country_paths().values())) + len(land_path()) < 160_000


def test_the_map_has_land_where_there_is_land() -> None:
    picture = unlabelled(720)
    assert picture.size == (720, 360)

    def at(latitude: float, longitude: float) -> object:
        return picture.getpixel((int((longitude + 180) * 2), int((90 - latitude) * 2)))

    australia, sahara, chukotka, south_pole = at(-25, 135), at(23, 5), at(67, -178), at(-89, 0)
    assert australia == sahara == chukotka == south_pole == LAND
    atlantic, caspian, pacific = at(30, -40), at(41, 51), at(0, -179)
    assert atlantic == caspian == pacific == SEA
    assert sum(len(shape) > 1 for shape in land()) == 1


def test_the_cities_lie_on_land_nearly_all_and_every_name_can_be_drawn() -> None:
    names = [city.name for city in cities()]
    assert len(names) == len(set(names)) == 600
    picture = unlabelled(720)
    on_land = [
        picture.getpixel((int((city.longitude + 180) * 2), int((90 - city.latitude) * 2))) != SEA for city in cities()
    ]
    assert np.mean(on_land) > 0.95
    everything = [*names, *(country.name for country in countries())]
    assert [name for name in everything if any(lacks(font, name) for font in FONTS)] == []
    assert not [name for name in everything if "." in name]  # none is shortened
