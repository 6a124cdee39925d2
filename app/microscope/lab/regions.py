"""The region map as a finding: names of places drawn, an unlabelled map slid, and what both do to some units."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from app import images
from app.answers.findings import FindingView
from app.answers.regions import RegionsPage
from app.clip.clip import Clip
from app.errors import BadInput, NotFound, NotReady
from app.lab.atlas.picture import unlabelled
from app.lab.atlas.world import countries
from app.lab.drawn import sheet
from app.lab.nearby import nearby
from app.lab.place_names import FONT, LAYOUTS, all_names, drawn, kept, selective
from app.lab.published import published
from app.lab.regions import Regions
from app.lab.slid_map import cut, random_crops, sliding
from app.lab.top_words import RENDERINGS
from app.microscope.instruments import Cards, Files, Found, Step
from app.microscope.lab import region_pages, region_paint
from app.microscope.naming import Titles
from app.microscope.residents import Residents
from app.spec import RegionsSpec
from app.spec.regions import MOST_UNITS
from app.store import FindingRow, Store

CHOSEN = 6  # units, where nobody names any
FAMILY = "region"  # what the paper calls the family
SAY_EVERY_S = 0.5
CROPS_SHOWN, CROP_SIDE = 6, 128

TitlesOf = Callable[[str, str], Titles | None]
Seconds = Callable[[str, int], float | None]


class RegionMap:
    """The instrument. `cards` and `titles` say what units look like and are called, `seconds` about how long so many drawn
    words take; what names do is kept in the `data` folder, for all units of a layer."""

    title = "Region map"
    lede = "Where in the world are units driven? Names of countries and cities, and a map without names."

    def __init__(
        self, data: Path, store: Store, residents: Residents, cards: Cards, titles: TitlesOf, seconds: Seconds
    ) -> None:
        self.data = data
        self.store = store
        self.residents = residents
        self.cards = cards
        self.titles = titles
        self.seconds = seconds

    def said(self, spec: RegionsSpec) -> str:
        """Which units a finding is about."""
        if not spec.units:
            return f"units of {spec.layer} that stand for regions"
        said = ", ".join(map(str, spec.units))
        return f"{'units' if len(spec.units) > 1 else 'unit'} {said} of {spec.layer}"

    def choices(self, slug: str) -> dict[str, Any]:
        """The layers, the units that the paper calls region units, and about how long a first run takes."""
        layers = list(self.residents.layers(slug))
        known = published(slug, layers[-1]) if layers else {}
        return {
            "layers": layers[::-1],
            "most": MOST_UNITS,
            "places": len(all_names()),
            "published": {unit: known[unit].label for unit in region_units(known)},
            "chosen": region_pages.choices(bool(region_units(known)), layers[-1] if layers else ""),
            "seconds": self.seconds(slug, len(all_names()) * len(LAYOUTS) // RENDERINGS.count),
        }

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """Nothing is uploaded."""
        return values

    def check(self, clip: Clip, spec: RegionsSpec) -> None:
        """Raise `NotFound` for a layer or unit that the model has not."""
        clip.layer(spec.layer)
        for unit in spec.units:
            try:
                clip.unit(spec.layer, unit)
            except NotFound as error:
                raise BadInput(error.detail, field="units") from error

    def steps(self, clip: Clip, spec: RegionsSpec, _before: Found) -> Iterator[Step | None]:
        """Draw the names, if nobody has yet for these weights, choose units if none were named, and slide the map; the file
        is written before the last step is announced."""
        names = None
        for found in paced("Drawing names of places.", kept(clip, spec.layer, self.data)):
            if isinstance(found, Tensor):
                names = found
            else:
                yield found
        assert names is not None
        units = spec.units or chosen(spec, names)
        for found in paced("Sliding the map.", sliding(clip, spec.layer, units, spec.crops, spec.seed)):
            if isinstance(found, Tensor):
                activations = names[:, list(units)]
                regions = Regions(units, activations, found, clip.weights_hash, drawn())
                regions.write(self.store.files.finding(spec.id))
                alike = []
                for column in activations[len(countries()) :].numpy().T:
                    alike.append(nearby(column))
                    yield None
                yield Step("", spec.crops, spec.crops, {"nearby": alike})
            else:
                yield found

    def remains(self, row: FindingRow) -> bool:
        """Whether the file is there, and of the weights that are loaded."""
        try:
            return not self._outdated(row, self._read(row.id))
        except NotReady:
            return False

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> RegionsPage:
        """The map as an answer. Raises `NotFound` for a unit to isolate that is not on it."""
        by_paper = bool(region_units(published(row.model, row.layer)))
        page = region_pages.empty(row, ahead, view, region_pages.choice(by_paper))
        if row.status != "done":
            return page
        try:
            regions = self._read(row.id)
        except NotReady as gone:
            return page.model_copy(update={"status": "failed", "error": gone.detail})
        if view.isolate is not None and view.isolate not in regions.units:
            on_it = ", ".join(map(str, regions.units))
            raise NotFound(f"isolate: unit {view.isolate} is not on this map; {on_it} are.", field="isolate")
        found = region_pages.found(row, regions, self.cards(row.model, row.layer, regions.units), page.mode)
        titles, outdated = self.titles(row.model, row.layer), self._outdated(row, regions)
        themes = [theme for unit in regions.units for theme in titles.themes(unit)] if titles else []
        return page.model_copy(update={**found, "outdated": outdated, "sensitive": list(dict.fromkeys(themes))})

    def cells(self, finding_id: str, unit: int | None) -> bytes:
        """The grid of the unlabelled map in the units' colours, or in those of one: PNG, a pixel for each cell."""
        _, regions = self._finished(finding_id)
        if unit is not None and unit not in regions.units:
            raise NotFound(f"unit: {unit} is not on this map.", field="unit")
        return region_paint.cells(regions.cells, None if unit is None else regions.units.index(unit))

    def name_picture(self, finding_id: str) -> bytes:
        """The strongest country's name in every size and position, as WebP."""
        _, regions = self._finished(finding_id)
        return images.encode_webp(sheet(region_pages.strongest(regions), [FONT], LAYOUTS))

    def crops_picture(self, finding_id: str) -> bytes:
        """The first crops of the map side by side, as WebP."""
        row, _ = self._finished(finding_id)
        spec = RegionsSpec.model_validate_json(row.spec)
        crops = random_crops(spec.crops, spec.seed)[:CROPS_SHOWN]
        whole = Image.new("RGB", (CROPS_SHOWN * (CROP_SIDE + 1) - 1, CROP_SIDE), (128,) * 3)
        for place, crop in enumerate(crops):
            seen = cut(unlabelled(), crop).resize((CROP_SIDE, CROP_SIDE), Image.Resampling.LANCZOS)
            whole.paste(seen, (place * (CROP_SIDE + 1), 0))
        return images.encode_webp(whole)

    def _finished(self, finding_id: str) -> tuple[FindingRow, Regions]:
        row = self.store.findings.get(finding_id)
        if row.kind != "regions":
            raise NotFound(f"The finding {finding_id} is no region map.")
        if row.status != "done":
            raise NotReady("The map is not finished yet: wait until the finding has ended.")
        return row, self._read(row.id)

    def _read(self, finding_id: str) -> Regions:
        return Regions.read(self.store.files.finding(finding_id))

    def _outdated(self, row: FindingRow, regions: Regions) -> bool:
        clip = self.residents.find(row.model)
        return clip is not None and clip.weights_hash != regions.weights_hash


def region_units(known: Mapping[int, Any]) -> list[int]:
    """The published units that the paper's first figure shows as regions: those with a facet that shows them best."""
    return sorted(unit for unit, each in known.items() if FAMILY in each.families and each.facet)


def chosen(spec: RegionsSpec, names: Tensor) -> tuple[int, ...]:
    """The published region units of the layer, or those that the names of countries drive most selectively; `names` [N, C]
    are what all names do."""
    units = region_units(published(spec.model, spec.layer))[:MOST_UNITS]
    return tuple(units) or selective(names[: len(countries())], CHOSEN)


def paced(said: str, steps: Iterator[tuple[int, int] | Tensor]) -> Iterator[Step | Tensor | None]:
    """Steps for the database, not more often than they can be read; the result passes."""
    at = 0.0
    for found in steps:
        if isinstance(found, Tensor):
            yield found
        elif time.monotonic() - at >= SAY_EVERY_S:
            at = time.monotonic()
            yield Step(said, *found, {})
        else:
            yield None
