"""The indexes of this server: what corpora do to the units of the served models.

An index is a folder `data/indexes/NAME`, written by `index build` or, for a corpus that a model brings along, at the
first start; or a mounted folder that `index export` wrote, which is only read. A model may also bring a packed index of
that corpus: it is put there at once and serves its layers until the index of all default layers is built. A folder that
was written for other weights is passed over.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.clip.clip import Clip
from app.corpus.build import build, building, here
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest, index_key
from app.corpus.packed import unpack
from app.corpus.partition import IMAGES
from app.corpus.sources import Source, open_source
from app.corpus.spread import cluster
from app.errors import BadInput, FacetscopeError, NotFound, NotReady
from app.job import Job
from app.microscope.mounts import mounted
from app.microscope.residents import Residents
from app.microscope.room import reason
from app.render.faults import is_fault
from app.settings import Settings

log = logging.getLogger(__name__)
LABEL_COLUMNS = ("concept", "caption")
LABEL_EXAMPLES = 12
LABEL_SHARE = 4  # so many of the strongest examples must agree before their word names the unit


class Indexes:
    """Finds, opens and, where a model brings a corpus, builds indexes."""

    def __init__(self, settings: Settings, residents: Residents) -> None:
        self.folder = settings.data / "indexes"
        self.residents = residents
        self.mounted = mounted(settings.indexes, self.folder)
        self.status: dict[str, str] = {}

    def names(self) -> list[str]:
        """All indexes there are, whichever model they are for."""
        found = (path.parent.name for path in self.folder.glob("*/manifest.json"))
        own = (name for name in found if not name.startswith("."))  # hidden ones are being built
        return sorted({*own, *self.mounted})

    def fixed(self, index: Index) -> bool:
        """Whether an index is only read: then nothing may be written to its folder."""
        return index.folder == self.mounted.get(index.manifest.name)

    def need_own(self, slug: str, name: str | None) -> Index:
        """As `need`, of an index that may be written to. Raises `BadInput` for a mounted one."""
        index = self.need(slug, name)
        if self.fixed(index):
            raise BadInput(
                f"{index.manifest.name} is mounted from {index.folder}, and nothing is written to a mounted index: work "
                "where it was built and export it again.",
                field="index",
            )
        return index

    def check_mounted(self, slug: str) -> None:
        """Say in the log, and where an index is asked for, which mounted indexes are of other weights than a model's."""
        clip = self.residents.find(slug)
        for index in map(self.open, self.mounted):
            manifest = index.manifest
            if clip and manifest.model == slug and manifest.weights_hash != clip.weights_hash:
                self.status[slug] = (
                    f"The index {manifest.name} in {index.folder} was built with weights {manifest.weights_hash} of "
                    f"{slug}, and this server has {clip.weights_hash}: serve those weights, or export the index anew."
                )
                log.error("%s", self.status[slug])

    def open(self, name: str) -> Index:
        """One index by name. Raises `NotFound`."""
        manifest = self.mounted.get(name, self.folder / name) / "manifest.json"
        if not manifest.is_file() or not (name in self.mounted or manifest.parent.parent == self.folder):
            raise NotFound(f"There is no corpus named {name}. There are: {', '.join(self.names()) or 'none'}.")
        return _open(manifest.parent, manifest.stat().st_mtime_ns)

    def begun_on(self, name: str, key: str) -> Index:
        """The index of that name if it has the pictures that something was begun on, whose `key` is kept with it: they go by
        number. Needs no weights. Raises `NotFound` where there is no such index, or it is of other pictures by now."""
        index = self.open(name)
        if key not in (index.manifest.activations_key, index.manifest.key):  # the latter is what was kept once
            raise NotFound(f"The pictures that this was begun on are gone: {name} was indexed anew since. Begin anew.")
        return index

    def picture_of(self, name: str, picture: int) -> Index:
        """The index of that name, known to have that picture. Raises `NotFound`."""
        index = self.open(name)
        if not 0 <= picture < len(index):
            raise NotFound(f"The corpus {name} has pictures 0 to {len(index) - 1}; there is no picture {picture}.")
        return index

    def of(self, slug: str) -> list[Index]:
        """The indexes that fit the model as it is loaded, the one it brought along first."""
        clip = self.residents.find(slug)
        if clip is None:
            return []
        fitting = [index for index in map(self.open, self.names()) if index.manifest.model == slug]
        current = [index for index in fitting if index.manifest.weights_hash == clip.weights_hash]
        return sorted(current, key=lambda index: (index.manifest.name != own_name(slug), index.manifest.name))

    def find(self, slug: str, name: str | None = None) -> Index | None:
        """The named index, or the first one, of a model. Raises `NotFound` where the named one is not of the model."""
        indexes = self.of(slug)
        if name is None:
            return indexes[0] if indexes else None
        found = next((index for index in indexes if index.manifest.name == name), None)
        if found is None:
            raise NotFound(
                f"{slug} has no corpus named {name}. Build one with `python -m app index build --model {slug}`."
            )
        return found

    def with_layer(self, slug: str, layer: str) -> Index | None:
        """The first index of a model, if it has the layer."""
        index = self.find(slug)
        return index if index is not None and layer in index.manifest.layers else None

    def need(self, slug: str, name: str | None = None) -> Index:
        """The named or the first index of a model. Raises `NotReady` with the command that builds one, and `NotFound` for a
        model that is not served."""
        index = self.find(slug, name)
        if index is None:
            self.residents.clip(slug)
            reason = self.status.get(slug) or (
                f"{slug} has no corpus yet. Build one with "
                f"`uv run python -m app index build --model {slug} --images FOLDER --name NAME`."
            )
            raise NotReady(reason)
        return index

    def own_job(self, slug: str) -> Job | None:
        """The job that builds the index of the corpus a model brought along; None where it brought none."""
        folder = self.residents.folder(slug)
        if folder is None or not any(folder.glob("corpus-*.tar")):
            return None
        return Job(f"index:{slug}", lambda job: self._building_own(slug, folder, job))

    def build_own(self, slug: str) -> None:
        """Build the index of the corpus that a model brought along, if any, in this thread, as a server does at its start."""
        job = self.own_job(slug)
        for _ in job.steps(job) if job else ():
            pass

    def _building_own(self, slug: str, folder: Path, job: Job) -> Iterator[None]:
        clip = self.residents.find(slug)
        if clip is None:
            return
        try:
            source, place = open_source(str(folder / "corpus-*.tar")), self.folder / own_name(slug)
            self._install(clip, source, folder / "index", place)
            for step in building(clip, source, own_name(slug), None, place):
                self.status[slug] = f"Indexing the corpus of {slug}: {step.done} of {step.total} pictures."
                job.announce()
                yield
            self.status.pop(slug, None)
        except FacetscopeError as error:
            self.status[slug] = f"The corpus of {slug} could not be indexed: {error.detail}"
        except Exception as error:
            if is_fault(error):
                raise  # left as it is stored: the next start does it again
            log.exception("indexing the corpus of %s failed", slug)
            why = reason(error, "the server's log says why.")
            self.status[slug] = f"The corpus of {slug} could not be indexed: {why}"

    def _install(self, clip: Clip, source: Source, brought: Path, place: Path) -> None:
        """Put the index that a model brought along in its place, unless one of the same weights and corpus is there."""
        if not brought.is_dir() or _is_of(place, clip, source):
            return
        try:
            unpack(brought, clip, source, place.name, place)
        except FacetscopeError as error:
            log.warning("%s came with an index that does not fit and is built anew: %s", clip.slug, error.detail)

    def build(
        self,
        clip: Clip,
        images: str,
        name: str,
        layers: list[str] | None = None,
        *,
        partition: int = IMAGES,
        spread: bool = False,
        workers: int | None = None,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
        resumed: Callable[[int, int], None] = lambda kept, total: None,
    ) -> Index:
        """Build an index in this thread, or open the one there is of just these weights, pictures and layers.

        Args:
            spread: Measure the pictures on the machines of a Ray cluster instead.
            workers: How many of these work at once.

        The others are those of `corpus.build.build`.
        """
        if name in self.mounted:
            raise BadInput(f"The name {name} is taken by {self.mounted[name]}: choose another.", field="name")
        engine = cluster(self.residents.settings.model_cache, workers) if spread else here
        place = self.folder / name
        build(
            clip,
            open_source(images),
            name,
            layers,
            place,
            partition=partition,
            engine=engine,
            progress=progress,
            resumed=resumed,
        )
        return self.open(name)


def _is_of(place: Path, clip: Clip, source: Source) -> bool:
    """Whether a folder holds an index of these weights and this corpus, of whatever layers."""
    try:
        manifest = IndexManifest.read(place)
    except (NotFound, NotReady):
        return False
    return manifest.key == index_key(clip, source, list(manifest.layers))


def own_name(slug: str) -> str:
    """The name of the index of the corpus that a model brought along."""
    return f"{slug}-corpus"


def labels(index: Index, layer: str, *columns: str, agreeing: int = LABEL_SHARE) -> tuple[str, ...]:
    """A word for each unit of a layer: what most of its strongest examples are recorded as, or nothing.

    Nobody named the units: this is the commonest value among the strongest examples, each taken at the first of the
    columns that its record fills in: `concept`, else caption, where no columns are given.

    Args:
        agreeing: So many of the `LABEL_EXAMPLES` strongest must share the value.
    """
    return _labels(index, layer, columns or LABEL_COLUMNS, agreeing)


@lru_cache(maxsize=32)
def _open(folder: Path, _written: int) -> Index:
    return Index.open(folder)


@lru_cache(maxsize=64)
def _labels(index: Index, layer: str, columns: tuple[str, ...], agreeing: int) -> tuple[str, ...]:
    best = index.tables(layer)["top.ids"][:, :LABEL_EXAMPLES]
    records = index.records(np.unique(best[best >= 0]).tolist())
    words = {number: next((record[c] for c in columns if record.get(c)), "") for number, record in records.items()}
    return tuple(_commonest([words[number] for number in ids if number >= 0], agreeing) for ids in best.tolist())


def _commonest(words: Sequence[str], agreeing: int) -> str:
    """The word met most often, the first among equals, if at least `agreeing` times; else nothing."""
    (word, count), *_ = Counter(word for word in words if word).most_common(1) or [("", 0)]
    return word if count >= agreeing else ""
