"""Heat maps and crops of corpus images: measured when they are looked at, and kept for a while."""

import asyncio
from collections import OrderedDict

from PIL import Image

from app import images, urls
from app.answers.examples import UnitOnImage
from app.clip.clip import Clip
from app.corpus.heat import Map, around, heat_map, unit_maps
from app.corpus.index import Index
from app.corpus.pictures import decode_item
from app.errors import NotReady
from app.microscope.columns import ColumnDesk
from app.microscope.indexes import Indexes
from app.microscope.naming import Naming
from app.microscope.residents import Residents
from app.worker import Worker

KEPT = 2048  # maps; the largest are of 72 x 72 places, 20 KB
CROPPED_FROM = 512  # px

Key = tuple[Index, str, int, int]


class HeatDesk:
    """Shows where in the images of a corpus a unit fires. One pass through the model for each image and unit."""

    def __init__(
        self, worker: Worker, residents: Residents, indexes: Indexes, columns: ColumnDesk, naming: Naming
    ) -> None:
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.columns = columns
        self.naming = naming
        self._maps: OrderedDict[Key, asyncio.Future[Map]] = OrderedDict()

    async def heat(self, corpus: str, image: int, layer: str, unit: int) -> bytes:
        """A corpus image with the unit's map over it, WebP. Full strength is the highest place of the map on the image that
        drives the unit most, so that images compare.

        Raises:
            NotFound: no such corpus, image, layer or unit.
            NotReady: the model is not loaded, or the index is of other weights.
        """
        index, clip = self._known(corpus, image, layer, unit)
        map_ = await self._map(clip, index, layer, unit, image)
        strongest = await self._map(clip, index, layer, unit, index.unit(layer, unit).top[0].image)
        scale = float(strongest.max())
        if scale <= 0:  # it never fires: what is left to see is where it is held down least
            scale = float(abs(strongest).max()) or 1.0
        picture = await asyncio.to_thread(index.image, image)
        return images.encode_webp(heat_map(picture, map_, scale))

    async def crop(self, corpus: str, image: int, layer: str, unit: int) -> bytes:
        """The half of a corpus image around the place where the unit fires most, WebP. Raises as `heat`."""
        index, clip = self._known(corpus, image, layer, unit)
        kept = index.unit(layer, unit).known.get(image)
        place = kept.place if kept else int((await self._map(clip, index, layer, unit, image)).argmax())
        picture = await asyncio.to_thread(index.image, image, CROPPED_FROM)
        return images.encode_webp(around(picture, clip.layers[layer].map, place))

    async def unit_on(self, corpus: str, image: int, layer: str, unit: int) -> UnitOnImage:
        """What a unit does on a corpus image, and how rare that is. Raises as `heat`.

        The activation is the index's or, to a 131,070th of the unit's range, the columns'; measured where neither has it.
        The rank is exact among the strongest 100 and the weakest 40, and to that step with columns.
        """
        index, clip = self._known(corpus, image, layer, unit)
        seen, columns = index.unit(layer, unit), self.columns.find(index)
        if image in seen.known:
            value = seen.known[image].activation
        elif columns:
            value = float(columns.some(layer, unit, [image])[0])
        else:
            value = float((await self._map(clip, index, layer, unit, image)).mean())
        among = seen.bottom[-1].activation <= value <= seen.top[-1].activation
        rank = columns.percentile if columns and among else index.percentile
        return UnitOnImage(
            layer=layer,
            unit=unit,
            label=self.naming.titles(index.manifest.model, layer, index)[unit].text,
            url=urls.with_query(urls.unit(clip.slug, layer, unit), corpus=corpus),
            activation=value,
            sd=(value - seen.stats.mean) / seen.stats.std if seen.stats.std > 0 else 0.0,
            percentile=rank(layer, unit, value),
            images=len(index),
            heat=urls.corpus_heat(corpus, image, layer, unit),
            crop=urls.corpus_crop(corpus, image, layer, unit),
        )

    def _known(self, corpus: str, image: int, layer: str, unit: int) -> tuple[Index, Clip]:
        index = self.indexes.picture_of(corpus, image)
        index.unit(layer, unit)
        return index, self._clip(index)

    def _clip(self, index: Index) -> Clip:
        clip = self.residents.clip(index.manifest.model)
        if clip.weights_hash != index.manifest.weights_hash:
            raise NotReady(
                f"The corpus {index.manifest.name} was indexed with weights {index.manifest.weights_hash}, not "
                f"{clip.weights_hash}: build its index again."
            )
        return clip

    async def _map(self, clip: Clip, index: Index, layer: str, unit: int, image: int) -> Map:
        """From memory, or measured; whoever asks meanwhile waits for the same pass."""
        key = index, layer, unit, image
        kept = self._maps.get(key)
        if kept is None or (kept.done() and (kept.cancelled() or kept.exception())):
            kept = asyncio.ensure_future(self._measured(clip, index, layer, unit, image))
            self._maps[key] = kept
            while len(self._maps) > KEPT:
                self._maps.popitem(last=False)
        self._maps.move_to_end(key)
        return await asyncio.shield(kept)  # a reader who leaves does not take it from the others

    async def _measured(self, clip: Clip, index: Index, layer: str, unit: int, image: int) -> Map:
        picture: Image.Image = await asyncio.to_thread(decode_item, index.item(image))
        (map_,) = await self.worker.call(unit_maps, clip, [picture], layer, unit)
        return map_
