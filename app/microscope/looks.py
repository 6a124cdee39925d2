"""Looks: which units one picture drives, in standard deviations over a corpus; and which units a text calls for."""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from app import images, urls
from app.answers.home import Search, SearchHit
from app.answers.looks import CorpusImagePage, LookLink, LookPage, Looks, Part, UnitHit
from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.corpus.index import Index
from app.corpus.look import box, look
from app.errors import BadInput
from app.microscope.gallery import Gallery
from app.microscope.indexes import Indexes
from app.microscope.naming import Naming
from app.microscope.parts import Box, cut
from app.microscope.residents import Residents
from app.microscope.spoken import named
from app.settings import Settings
from app.spec import content_id
from app.store import LookRow, Store
from app.worker import Worker

KEPT_SIDE = 768  # px
HITS = 24
QUERY_LENGTH = 200
RECENT = 256  # pictures and parts whose units are kept, a few KB each
NAMED = "it is called so"
SPOKEN = "the text side of the model calls for it"


class LookDesk:
    """Looks at uploaded and corpus pictures, and the search of units by text."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        worker: Worker,
        residents: Residents,
        indexes: Indexes,
        gallery: Gallery,
        naming: Naming,
    ) -> None:
        self.settings = settings
        self.store = store
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.gallery = gallery
        self.naming = naming
        self._recent: OrderedDict[tuple[object, ...], dict[str, Any]] = OrderedDict()

    def decode(self, name: str, data: bytes) -> Image.Image:
        """The uploaded picture, at most `KEPT_SIDE` px. Raises `NotAnImage` and `TooLarge`."""
        limits = self.settings
        picture = images.decode(data, name=name, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
        return images.thumbnail(picture, KEPT_SIDE)

    async def add(self, name: str, slug: str, picture: Image.Image) -> str:
        """Look at a decoded picture on the device thread and keep what was seen; returns the look's id."""
        clip, index = self.residents.clip(slug), self.indexes.need(slug)
        seen = await self.worker.call(strongest, clip, index, picture)
        blob = images.image_id(picture)
        self.store.files.put_blob(blob, images.encode_webp(picture, quality=92))
        row = LookRow(
            id=content_id("look", blob, slug, clip.weights_hash, index.manifest.key),
            name=name[:300],
            model=slug,
            corpus=index.manifest.name,
            blob=blob,
            layers=seen,
        )
        self.store.add_look(row)
        return row.id

    def page(self, look_id: str) -> LookPage:
        """One look. Raises `NotFound`."""
        row = self.store.look(look_id)
        width, height = self._blob(row.blob).size
        return LookPage(
            id=row.id,
            width=width,
            height=height,
            url=urls.look(row.id),
            name=row.name,
            model=row.model,
            corpus=row.corpus,
            image=urls.blob(row.blob),
            layers=self.hits(row.model, row.layers),
        )

    async def part_of_look(self, look_id: str, box: Box) -> LookPage:
        """One look with what a part of its picture drives by itself, over the same corpus; nothing of it is stored. Raises
        `NotFound`."""
        page = await asyncio.to_thread(self.page, look_id)
        blob, index = self.store.look(look_id).blob, self.indexes.need(page.model, page.corpus)
        part = await self._part(page.model, index, ("blob", blob), lambda: self._blob(blob), box)
        return page.model_copy(update={"part": part})

    def _blob(self, blob: str) -> Image.Image:
        return Image.open(io.BytesIO(self.store.files.blob(blob)), formats=("WEBP",))

    async def _part(
        self, slug: str, index: Index, name: tuple[object, ...], read: Callable[[], Image.Image], box: Box
    ) -> Part:
        """What a part of a picture drives. `name` tells the picture from all others."""
        clip = self.residents.clip(slug)
        part = await asyncio.to_thread(lambda: cut(read().convert("RGB"), box))
        seen = await self._seen(clip, index, (*name, part.square), part.picture)
        layers = await asyncio.to_thread(self.hits, slug, seen)
        return Part(box=box, square=part.square, fill=part.fill, layers=layers)

    async def _seen(self, clip: Clip, index: Index, name: tuple[object, ...], picture: Image.Image) -> dict[str, Any]:
        """What a picture drives, kept for a while: reading a page leaves nothing behind."""
        key = (clip.weights_hash, index.manifest.key, *name)
        if key not in self._recent:
            self._recent[key] = await self.worker.call(strongest, clip, index, picture)
        self._recent.move_to_end(key)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return self._recent[key]

    def looks(self) -> Looks:
        """The latest looks."""
        links = [
            LookLink(id=row.id, url=urls.look(row.id), image=urls.blob(row.blob), name=row.name)
            for row in self.store.looks()
        ]
        return Looks(looks=links, models=self.residents.slugs)

    def hits(self, slug: str, seen: dict[str, list[dict[str, Any]]]) -> dict[str, list[UnitHit]]:
        """What was seen, with the addresses and words that belong to each unit."""
        index = self.indexes.find(slug)
        titles = {layer: self.naming.titles(slug, layer, index) for layer in seen}
        return {
            layer: [
                UnitHit(
                    **hit,
                    url=urls.unit(slug, layer, hit["unit"]),
                    label=titles[layer][hit["unit"]].text,
                    sensitive=bool(titles[layer].themes(hit["unit"])),
                    thumbnail=self.gallery.thumbnail(slug, layer, hit["unit"], index),
                )
                for hit in hits
            ]
            for layer, hits in seen.items()
        }

    async def corpus_page(self, corpus: str, index: int, box: Box | None = None) -> CorpusImagePage:
        """One corpus picture with what is recorded about it and the units that it and a part of it drive. Raises
        `NotFound`."""
        opened = self.indexes.picture_of(corpus, index)
        slug = opened.manifest.model
        clip = self.residents.clip(slug)
        picture = await asyncio.to_thread(opened.image, index)
        name = ("corpus", corpus, index)
        seen = await self._seen(clip, opened, name, picture)
        part = await self._part(slug, opened, name, lambda: opened.image(index, KEPT_SIDE), box) if box else None
        record = opened.record(index)
        return CorpusImagePage(
            corpus=corpus,
            index=index,
            image=urls.corpus_image(corpus, index),
            caption=str(record.get("caption") or record.get("key", "")),
            record={name: str(value) for name, value in record.items() if value not in (None, "")},
            model=slug,
            url=urls.corpus_page(corpus, index),
            width=picture.width,
            height=picture.height,
            layers=await asyncio.to_thread(self.hits, slug, seen),
            part=part,
            previous=urls.corpus_page(corpus, index - 1) if index > 0 else None,
            next=urls.corpus_page(corpus, index + 1) if index + 1 < len(opened) else None,
        )

    async def search(self, q: str, slug: str | None = None, layer: str | None = None) -> Search:
        """Units of a layer by number, by word, or by what the text side of the model calls for; of the last layer if none is
        given, or one that the model has not: whoever chooses another model sends the layer of the one before.

        The score of a text is the image-text bilinear form of the paper's section on understanding language, in
        standard deviations over the units.
        """
        slug = slug or self.residents.default
        clip = self.residents.clip(slug)
        lacks = layer if layer and layer not in clip.layers else None
        layer = clip.default_layer if lacks or not layer else layer
        text = " ".join(q.split())
        if len(text) > QUERY_LENGTH:
            raise BadInput(f"q: a search has at most {QUERY_LENGTH} characters.", field="q")
        found = await self._find(clip, layer, text) if text else []
        index = self.indexes.find(slug)
        titles = self.naming.titles(slug, layer, index)
        hits = [
            SearchHit(
                unit=unit,
                score=score,
                why=why,
                url=urls.unit(slug, layer, unit),
                label=titles[unit].text,
                sensitive=bool(titles.themes(unit)),
                thumbnail=self.gallery.thumbnail(slug, layer, unit, index),
            )
            for unit, score, why in found
        ]
        return Search(
            q=text,
            model=slug,
            layer=layer,
            layers=list(clip.layers),
            lacks=lacks,
            models=self.residents.slugs,
            units=hits,
        )

    async def _find(self, clip: Clip, layer: str, text: str) -> list[tuple[int, float, str]]:
        channels = clip.layers[layer].channels
        if text.isdecimal():
            return [(int(text), 1.0, "its number")] if int(text) < channels else []
        index = self.indexes.find(clip.slug)
        titles = list(self.naming.titles(clip.slug, layer, index).named())
        called = [titles[place][0] for place in named(text, [title for _, title in titles])]
        if layer != list(clip.layers)[-1]:
            return [(unit, 1.0, NAMED) for unit in called[:HITS]]
        scores = (await self.worker.call(unit_scores, clip, [text]))[0].double().cpu().numpy()
        scores = (scores - scores.mean()) / max(float(scores.std()), 1e-12)
        first = np.zeros(channels, bool)
        first[called] = True
        order = np.lexsort((-scores, ~first))[:HITS]
        return [(int(i), float(scores[i]), NAMED if first[i] else SPOKEN) for i in order]


def strongest(clip: Clip, index: Index, picture: Image.Image) -> dict[str, Any]:
    """The units a picture drives most, layer by layer: JSON of unit, activation, sd, box. On the device thread."""
    return {
        layer: _top(clip, index, layer, activation, place)
        for layer, (activation, place) in reversed(look(clip, index, picture).items())
        if layer in index.manifest.layers
    }


def _top(clip: Clip, index: Index, layer: str, activation: np.ndarray, place: np.ndarray) -> list[dict[str, Any]]:
    std = index.std(layer)
    sd = np.where(std > 0, (activation - index.mean(layer)) / np.where(std > 0, std, 1), 0.0)
    order = np.argsort(-sd, kind="stable")[:HITS]
    return [
        {
            "unit": int(unit),
            "activation": float(activation[unit]),
            "sd": float(sd[unit]),
            "box": list(box(clip.layers[layer], int(place[unit]))),
        }
        for unit in order
    ]
