"""Names of places drawn for units, the map slid under them, and what is made of both."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.random import default_rng
from PIL import Image

from app.clip.clip import Clip
from app.corpus.look import measure
from app.errors import NotFound, NotReady
from app.lab.atlas.world import cities, countries
from app.lab.drawn import drawings
from app.lab.nearby import nearby
from app.lab.place_names import FONT, KEEP_EVERY, LAYOUTS, POSITIONS, SIZES, all_names, kept, naming, selective
from app.lab.place_names import drawn as way
from app.lab.regions import Regions, scaled
from app.lab.slid_map import COLUMNS, ROWS, Crop, World, cut, random_crops, sliding

LAYER = "layer4.0"


def last(steps) -> torch.Tensor:
    *_, found = steps
    return found


def test_a_name_is_the_mean_over_sizes_of_the_best_position(tiny_clip: Clip) -> None:
    *told, found = naming(tiny_clip, LAYER, ["Chad", "Peru", "Chad"])
    assert told == [(1, 2)] * 3 + [(2, 2)] * 3 and isinstance(found, torch.Tensor)
    pictures = drawings("Peru", LAYOUTS, FONT)
    each, _ = measure(tiny_clip, tiny_clip.prepare(pictures), [LAYER])[LAYER]
    expected = torch.stack([each[i : i + len(POSITIONS)].max(0).values for i in range(0, len(each), len(POSITIONS))])
    assert len(expected) == len(SIZES)
    torch.testing.assert_close(found[1], expected.mean(0))
    assert torch.equal(found[0], found[2])
    with pytest.raises(NotFound, match="no layer layer9"):
        last(naming(tiny_clip, "layer9", ["Chad"]))


def test_names_that_were_drawn_before_are_read_and_not_drawn_again(tiny_clip: Clip, tmp_path: Path) -> None:
    *told, drawn = kept(tiny_clip, LAYER, tmp_path, ("Chad", "Peru"))
    (again,) = kept(tiny_clip, LAYER, tmp_path, ("Chad", "Peru"))
    assert told[-1] == (2, 2) and isinstance(drawn, torch.Tensor) and isinstance(again, torch.Tensor)
    assert torch.equal(drawn, again)
    another = len(list(kept(tiny_clip, LAYER, tmp_path, ("Chad", "Mali"))))
    assert another == 7, "another list is another file"
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(b"broken")
    assert len(list(kept(tiny_clip, LAYER, tmp_path, ("Chad", "Mali")))) == another


def test_who_is_stopped_while_names_are_drawn_goes_on_from_there(tiny_clip: Clip, tmp_path: Path) -> None:
    names = all_names()[: KEEP_EVERY + 3]
    for found in kept(tiny_clip, LAYER, tmp_path / "stopped", names):
        assert isinstance(found, tuple)
        if found[0] > KEEP_EVERY + 1:
            break
    *told, ended = kept(tiny_clip, LAYER, tmp_path / "stopped", names)
    assert told[0] == (KEEP_EVERY + 1, len(names)) and told[-1] == (len(names), len(names))
    assert isinstance(ended, torch.Tensor)
    assert torch.equal(ended, last(kept(tiny_clip, LAYER, tmp_path / "at once", names)))


def test_the_most_selective_units_are_those_whose_best_countries_stand_out() -> None:
    values = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    values[:3, 5] += 20
    values[7, 2] += 20
    values[:, 6] = 3.0  # says nothing
    assert selective(values, 1) == (5,)
    assert selective(values, 2) == (2, 5)
    assert 6 not in selective(values, 7)


def test_a_crop_goes_on_at_the_other_edge_and_beyond_the_poles() -> None:
    x, y = np.meshgrid(np.arange(80), np.arange(40))
    picture = Image.fromarray(np.stack([x, y, x], axis=-1).astype(np.uint8))
    seen = np.asarray(cut(picture, Crop(left=1.9, top=-0.1, side=0.25)))
    assert seen[0, :, 0].tolist() == [76, 77, 78, 79, 0, 1, 2, 3, 4, 5]
    assert seen[:, 0, 1].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]
    south = np.asarray(cut(picture, Crop(left=0, top=0.9, side=0.2)))
    assert south[:, 0, 1].tolist() == [36, 37, 38, 39, 39, 39, 39, 39]


def test_maps_come_back_to_where_they_were_cut_from() -> None:
    """Each crop's map says how its places lie north and how the hour at them runs; the world has to say the same."""
    crops, world, side = random_crops(200, 0), World(2), 36
    for crop in crops:
        middles = (torch.arange(side) + 0.5) / side * crop.side
        hour = torch.cos((middles + crop.left) * torch.pi).expand(side, side)  # the map is 2 wide: once around
        north = (middles + crop.top)[:, None].expand(side, side)
        world.put_back(torch.stack([north, hour])[None], [crop])
    y, x = (torch.arange(ROWS) + 0.5) / ROWS, (torch.arange(COLUMNS) + 0.5) / ROWS
    torch.testing.assert_close(world.grid[0], y[:, None].expand(ROWS, COLUMNS), atol=0.02, rtol=0)
    torch.testing.assert_close(world.grid[1], torch.cos(x * torch.pi).expand(ROWS, COLUMNS), atol=0.02, rtol=0)


def test_cells_that_no_crop_shows_get_the_mean_of_those_that_were_seen() -> None:
    world = World(1)
    world.put_back(torch.full((1, 1, 3, 3), 4.0), [Crop(0.5, 0.1, 0.4)])
    torch.testing.assert_close(world.grid, torch.full((1, ROWS, COLUMNS), 4.0))


def test_the_same_seed_slides_the_same_map(tiny_clip: Clip) -> None:
    *told, grid = sliding(tiny_clip, LAYER, (3, 7), 20, 1)
    assert told == [(done, 20) for done in range(4, 21, 4)] and isinstance(grid, torch.Tensor)
    assert grid.shape == (2, ROWS, COLUMNS) and torch.isfinite(grid).all()
    torch.testing.assert_close(last(sliding(tiny_clip, LAYER, (7, 9), 20, 1))[0], grid[1])
    assert not torch.equal(last(sliding(tiny_clip, LAYER, (3, 7), 20, 2)), grid)


def test_a_unit_has_one_scale_for_countries_and_cities_from_the_average_to_the_strongest(tmp_path: Path) -> None:
    drawn = torch.randn(len(all_names()), 2, generator=torch.Generator().manual_seed(1)) - 5
    drawn[len(countries()) + 4, 1] = 9.0  # a city
    found = Regions((3, 7), drawn, torch.randn(2, ROWS, COLUMNS), "hash", way())
    assert found.cities[4, 1] == 1.0 and found.countries[:, 1].max() < 0.5
    assert found.countries.shape == (177, 2) and found.cities.shape == (600, 2)
    assert found.cells.shape == (2, ROWS, COLUMNS) and found.cells.min() == 0 and found.cells.max() == 1
    found.write(tmp_path / "one.safetensors")
    again = Regions.read(tmp_path / "one.safetensors")
    assert again.units == (3, 7) and again.weights_hash == "hash" and torch.equal(again.names, drawn)
    (tmp_path / "one.safetensors").write_bytes(b"broken")
    with pytest.raises(NotReady, match="gone or broken"):
        Regions.read(tmp_path / "one.safetensors")
    Regions((3,), drawn[:, :1], torch.zeros(1, ROWS, COLUMNS), "hash", way(["Chad"])).write(
        tmp_path / "old.safetensors"
    )
    with pytest.raises(NotReady, match="other places or drawn in another way"):
        Regions.read(tmp_path / "old.safetensors")


def test_scaling_is_by_hand_what_it_says() -> None:
    assert scaled(torch.tensor([[0.0], [2.0], [1.0], [5.0]]), 0)[:, 0].tolist() == [0, 0, 0, 1]
    assert scaled(torch.tensor([[1.0], [4.0], [3.0], [0.0]]), 0)[:, 0].tolist() == [0, 1, 0.5, 0]
    assert scaled(torch.full((4, 1), 3.0), 0).tolist() == [[0]] * 4


def test_near_cities_that_do_the_same_are_told_from_a_deal_at_random() -> None:
    north = np.array([city.latitude for city in cities()])
    found = nearby(north)
    assert found.value > 0.9 and 0 < found.chance < 0.1
    dealt = default_rng(0).permutation(north)
    assert abs(nearby(dealt).value) < 0.1
    assert nearby(np.zeros(len(north))) == (0.0, 0.0)
