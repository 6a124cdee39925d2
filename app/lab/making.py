"""Making automatic labels: the images are embedded, the words scored, the best of them drawn as pictures."""

import fcntl
import os
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.look import measure
from app.corpus.partition import GROUP
from app.corpus.pictures import decoded
from app.errors import FacetscopeError, NotReady
from app.lab import wpmi
from app.lab.drawn import LAYOUTS, drawings
from app.lab.fonts import AILERON, lacks
from app.lab.labels import FOLDER, RIVALS, VERSION, DrawnWord, LayerLabels, Named, UnitLabel, missing, place
from app.lab.words import Words
from app.spec import content_id
from app.whole import drop_folder, hold, writing

SHUFFLED = 200  # units for a word's probability over the corpus, and as many others to see what chance gives
SEED = 0
SURE = 0.99  # of the shuffled units score less
DRAWN_WORDS = 300  # at most: the corpus' own first, then those that name most units
DRAWN_KEPT = 8
TEXTS_AT_ONCE = 64
KEPT_AT_ONCE = 512  # embeddings in a file while labels are being made
ABANDONED_S = 3600.0  # since its last write, after which what a stopped process left for the next is removed

Making = Generator[tuple[int, int], None, None]
"""Yields how many steps are done, out of how many."""


def making(clip: Clip, index: Index, layers: Sequence[str] | None = None, words: Words | None = None) -> Making:
    """The steps of making the labels of an index's layers, by default those that have none.

    The images are embedded first; if it is stopped, it goes on from there. Without a word list, `Words.of_corpus` of the
    images that are any unit's strongest.

    Raises:
        NotFound: a layer that is not indexed, or the file of a picture is gone.
        NotReady: the index is of other weights, or was built anew meanwhile.
        BadInput: the model cannot read texts.
    """
    if clip.weights_hash != index.manifest.weights_hash:
        raise NotReady(
            f"The index {index.manifest.name} was built with weights {index.manifest.weights_hash}, not "
            f"{clip.weights_hash}: build it again."
        )
    chosen = list(layers) if layers else list(index.manifest.layers)
    pools = {layer: _Pool(index, layer) for layer in chosen}
    chosen = missing(index, chosen, words.hash if words else None)
    if chosen:
        work = _Work(clip, index, {layer: pools[layer] for layer in chosen}, words)
        with _held(work.kept):
            yield from work.steps()
        drop_folder(work.kept)


class _Pool:
    """The images that drive the units of a layer: `ids` [units, K] strongest first."""

    def __init__(self, index: Index, layer: str) -> None:
        self.ids = np.array(index.tables(layer)["top.ids"], np.int64)[:, : min(wpmi.IMAGES, len(index))]

    @cached_property
    def images(self) -> NDArray[np.int64]:
        """Their numbers, each once, ascending."""
        return np.unique(self.ids)


class _Work:
    """What `making` does, in the order of its steps."""

    def __init__(self, clip: Clip, index: Index, pools: dict[str, _Pool], words: Words | None) -> None:
        self.clip, self.index, self.pools = clip, index, pools
        self.images = np.unique(np.concatenate([pool.images for pool in pools.values()]))
        self.words = words or Words.of_corpus(index.record(int(number)) for number in self.images)
        self.scored = sum(len(pool.ids) + 2 * SHUFFLED for pool in pools.values())
        self.drawn = min(DRAWN_WORDS, len(self.words))
        self.total = len(self.images) + len(self.words) + self.scored + self.drawn
        content = content_id(index.manifest.key, self.images.tobytes())
        self.kept = index.folder / FOLDER / f".images-{content}"

    def steps(self) -> Making:
        done = 0
        for done in self._embed_images():
            yield done, self.total
        texts: list[Tensor] = []
        for part in in_parts(self.words.words, TEXTS_AT_ONCE):
            texts.append(directions(self.clip, part))
            done += len(part)
            yield done, self.total
        tables, before = {}, done
        for layer, pool in self.pools.items():
            sets = len(pool.ids) + 2 * SHUFFLED
            for given, share in self._score(pool, torch.cat(texts)):
                yield before + int(share * sets), self.total
                tables[layer] = given
            tables[layer] = _Scores.of(tables[layer].cpu().numpy(), len(pool.ids))
            before += sets
        drawn = self._to_draw(tables.values())
        driven: list[dict[str, NDArray[np.float64]]] = []
        for count, word in enumerate(drawn):
            driven.append(self._drive(self.words.words[word]))
            yield before + count * self.drawn // len(drawn), self.total
        if Index.open(self.index.folder).manifest.key != self.index.manifest.key:
            raise NotReady(f"The index {self.index.manifest.name} was built anew while its labels were made.")
        for layer in self.pools:
            sd = np.stack([each[layer] for each in driven], 1) if driven else np.empty((len(self.pools[layer].ids), 0))
            self._write(layer, tables[layer], drawn, sd)
        yield self.total, self.total

    def _embed_images(self) -> Iterator[int]:
        """Put every image through the image tower, unless it was before; in files, for it takes long."""
        _clear(self.kept)
        done = 0
        for part in in_parts(self.images.tolist(), KEPT_AT_ONCE):
            path = self.kept / f"{done:09}.npy"
            if not path.exists():
                found = []
                with closing(decoded(self.index.item(number) for number in part)) as stream:
                    while batch := list(islice(stream, GROUP)):
                        found.append(self._embed([_picture(each) for _, each in batch]))
                        yield done + sum(map(len, found))
                with writing(path) as file:
                    np.save(file, np.concatenate(found))
            done += len(part)
            yield done

    def _embed(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        rgb = torch.cat([self.clip.prepare([picture]) for picture in pictures])
        with torch.no_grad():
            return nn.functional.normalize(self.clip.encode_image(rgb), dim=-1).float().cpu().numpy()

    def _embeddings(self, pool: _Pool) -> Tensor:
        """The embeddings of a pool's images, in their order."""
        rows = np.searchsorted(self.images, pool.images)
        parts = [np.load(path) for path in sorted(self.kept.glob("[0-9]*.npy"))]
        return torch.from_numpy(np.concatenate(parts)[rows]).to(self.clip.device)

    def _score(self, pool: _Pool, texts: Tensor) -> Iterator[tuple[Tensor, float]]:
        """log p(t|B) of the layer's units, and of twice `SHUFFLED` shuffled ones after them."""
        sets = np.concatenate([pool.ids, wpmi.shuffled(pool.ids, 2 * SHUFFLED, SEED)])
        places = torch.from_numpy(np.searchsorted(pool.images, sets)).to(self.clip.device)
        with torch.no_grad():
            yield from wpmi.log_given(self._embeddings(pool), texts, places)

    def _to_draw(self, scores: "Iterable[_Scores]") -> list[int]:
        """The words that are drawn: the corpus' own, then those that are among the best of most units."""
        named = Counter(int(word) for each in scores for word in each.best.ravel())
        order = [*range(self.words.own), *(word for word, _ in named.most_common() if word >= self.words.own)]
        return [word for word in order if not lacks(AILERON, self.words.words[word])][:DRAWN_WORDS]

    def _drive(self, word: str) -> dict[str, NDArray[np.float64]]:
        """What a drawn word does to every unit, the mean over the layouts in sd over the corpus: layer -> [units]."""
        measured = measure(self.clip, self.clip.prepare(drawings(word)), list(self.pools))
        return {layer: self._in_sd(layer, values.numpy().mean(0)) for layer, (values, _) in measured.items()}

    def _in_sd(self, layer: str, values: NDArray[np.float32]) -> NDArray[np.float64]:
        std = self.index.std(layer)
        return np.divide(values - self.index.mean(layer), std, out=np.zeros(len(std)), where=std > 0)

    def _write(self, layer: str, scores: "_Scores", drawn: Sequence[int], sd: NDArray[np.float64]) -> None:
        words = self.words.words
        units = []
        for unit, (best, found) in enumerate(zip(scores.best, scores.values, strict=True)):
            order = np.argsort(-sd[unit], kind="stable")[:DRAWN_KEPT]
            units.append(
                UnitLabel(
                    named=tuple(Named(word=words[w], score=_short(s)) for w, s in zip(best, found, strict=True)),
                    drawn=tuple(DrawnWord(word=words[drawn[w]], sd=_short(sd[unit, w])) for w in order),
                    any_word=_short(sd[unit].mean()) if len(drawn) else 0.0,
                )
            )
        LayerLabels(
            key=self.index.manifest.key,
            weights_hash=self.clip.weights_hash,
            version=VERSION,
            layer=layer,
            words_hash=self.words.hash,
            words=self.words.source,
            word_count=len(words),
            images=len(self.pools[layer].images),
            seed=SEED,
            shuffled=SHUFFLED,
            threshold=_short(scores.threshold),
            layouts=LAYOUTS,
            drawn_words=len(drawn),
            made=datetime.now(UTC).replace(microsecond=0),
            units=tuple(units),
        ).write(place(self.index, layer))


class _Scores:
    """The best words of each unit, int64 [units, 1 + RIVALS], with their scores, and the score that chance gives."""

    def __init__(self, best: NDArray[np.int64], values: NDArray[np.floating], threshold: float) -> None:
        self.best, self.values, self.threshold = best, values, threshold

    @classmethod
    def of(cls, given: NDArray[np.float32], units: int) -> Self:
        """From log p(t|B): the units', then those of the shuffled units for p(t), then those for chance."""
        prior = wpmi.log_prior(torch.from_numpy(given[units : units + SHUFFLED])).numpy()
        chance = (given[units + SHUFFLED :] - wpmi.LAMBDA * prior).max(1)
        found = given[:units] - wpmi.LAMBDA * prior
        best = np.argsort(-found, axis=1, kind="stable")[:, : 1 + RIVALS]
        return cls(best, np.take_along_axis(found, best, 1), float(np.quantile(chance, SURE)))


def directions(clip: Clip, words: Sequence[str]) -> Tensor:
    """Embeddings of the bare words, of length 1, [W, E]; bare, as CLIP-Dissect has them: a template that suits
    photographs does not suit every corpus."""
    with torch.no_grad():
        return nn.functional.normalize(clip.encode_text(words), dim=-1).float()


def _picture(found: Image.Image | FacetscopeError) -> Image.Image:
    if isinstance(found, FacetscopeError):
        raise found
    return found


@contextmanager
def _held(kept: Path) -> Iterator[None]:
    """Keep others from removing a folder; whoever makes the same labels may hold it too."""
    lock = hold(kept, fcntl.LOCK_SH)
    if lock is None:  # it is being removed
        raise NotReady("Another process has just made these labels: try again.")
    try:
        yield
    finally:
        os.close(lock)


def _clear(kept: Path) -> None:
    """Remove what others left that were stopped."""
    for left in kept.parent.glob(".images-*"):
        if left != kept and time.time() - left.stat().st_mtime > ABANDONED_S:
            drop_folder(left)


def in_parts(sequence: Sequence, size: int) -> Iterator[Sequence]:
    """The sequence in parts of that size, the last of what is left."""
    for start in range(0, len(sequence), size):
        yield sequence[start : start + size]


def _short(value: float) -> float:
    """To the digits that mean something: the files are half as long."""
    return round(float(value), 3)
