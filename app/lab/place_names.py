"""What the names of countries and cities do to units when they are drawn as pictures.

Goh et al. 2021, figure 6: a name's activation is "averaged over font sizes, max over word positions". Fonts, sizes and
positions are not published; those here are ours.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from app.clip.clip import Clip
from app.corpus.look import measure
from app.lab.atlas.world import cities, countries
from app.lab.drawn import Layout, drawings
from app.lab.fonts import FONTS
from app.spec import content_id
from app.whole import PRIVATE, write_whole

FONT = FONTS[0]
SIZES = 0.5, 0.7, 0.9  # widths of a name, as shares of the picture
POSITIONS = 0.25, 0.5, 0.75  # its middle, from the top
LAYOUTS = tuple(Layout(width=width, x=0.5, y=y, ink=0, paper=255) for width in SIZES for y in POSITIONS)
FOLDER = "place_names"
KEEP_EVERY = 16  # names


def all_names() -> tuple[str, ...]:
    """Countries, then cities. A few names, such as Djibouti, are a country's and a city's, and stand there twice."""
    return (*(country.name for country in countries()), *(city.name for city in cities()))


def drawn(names: Sequence[str] | None = None) -> str:
    """Which names there are, all if none are given, and how they are drawn, as an id."""
    return content_id("names", *(names or all_names()), FONT.name, *(layout.model_dump_json() for layout in LAYOUTS))


def naming(clip: Clip, layer: str, names: Sequence[str]) -> Iterator[tuple[int, int] | Tensor]:
    """Draw names and measure all units of a layer, one size of a name a step, each name once.

    Yields:
        Which name was at hand, from 1, and how many there are; at the end the activations [N, C] float32 on the CPU, in the order of
        `names`: the mean over sizes of the maximum over positions of the spatial mean before the last ReLU.

    Raises:
        NotFound: the model has no such layer.
    """
    different = list(dict.fromkeys(names))
    found: dict[str, Tensor] = {}
    for name in different:
        sizes = []
        for start in range(0, len(LAYOUTS), len(POSITIONS)):
            pictures = drawings(name, LAYOUTS[start : start + len(POSITIONS)], FONT)
            sizes.append(measure(clip, clip.prepare(pictures), [layer])[layer][0].amax(0))
            yield len(found) + 1, len(different)
        found[name] = torch.stack(sizes).mean(0)
    yield torch.stack([found[name] for name in names])


def kept(clip: Clip, layer: str, data: Path, names: Sequence[str] | None = None) -> Iterator[tuple[int, int] | Tensor]:
    """As `naming`, of all names if none are given; what is in their file in the data folder is not drawn again. The file
    grows by a few names at a time, so that who is stopped goes on from there."""
    names = names or all_names()
    path = path_of(data, clip.weights_hash, layer, names)
    known = _read(path)
    found = torch.empty(0, clip.layer(layer).channels) if known is None else known
    while len(found) < len(names):
        done = len(found)
        for each in naming(clip, layer, names[done : done + KEEP_EVERY]):
            if isinstance(each, Tensor):
                found = torch.cat([found, each])
                keep(path, found)
            else:
                yield done + each[0], len(names)
    yield found


def path_of(data: Path, weights_hash: str, layer: str, names: Sequence[str] | None = None) -> Path:
    """Where in the data folder is kept what names do, all if none are given: another file for other weights, names or ways
    to draw them."""
    return data / FOLDER / f"{weights_hash}.{layer}.{drawn(names)}.safetensors"


def keep(path: Path, activations: Tensor) -> None:
    """Write what names do, the first of them or all, [N, C]."""
    write_whole(path, save({"activations": activations.contiguous()}), PRIVATE)


def selective(countries: Tensor, count: int) -> tuple[int, ...]:
    """The units that country names drive most selectively, ascending: their three strongest countries lie farthest above
    the average one, in standard deviations over the countries.

    Args:
        countries: Activations [N, C].
    """
    best = countries.topk(min(3, len(countries)), dim=0).values.mean(0)
    std = countries.std(0, correction=0)
    sd = torch.where(std > 0, (best - countries.mean(0)) / std.clamp(min=torch.finfo(std.dtype).tiny), 0)
    return tuple(sorted(sd.argsort(descending=True, stable=True)[:count].tolist()))


def _read(path: Path) -> Tensor | None:
    try:
        with safe_open(path, "pt") as file:
            return file.get_tensor("activations")
    except (OSError, SafetensorError):
        return None
