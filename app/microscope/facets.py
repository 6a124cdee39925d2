"""Facets: taking in image sets, training their probes in the background, and lending them to renders."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from app import images
from app.answers.facets import Facets
from app.answers.links import FacetLink
from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import BadInput, FacetscopeError, NotFound, NotReady, QueueFull
from app.facets import facet as facet_file
from app.facets import published
from app.facets import train as training
from app.facets.facet import Facet, Probe
from app.facets.pictures import identity, kept, sample, stored
from app.job import Job
from app.microscope.facet_answers import card, link
from app.microscope.facet_pictures import FacetPictures
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.microscope.room import once_there_is_room, reason
from app.render.faults import is_fault
from app.settings import Settings
from app.spec import content_id
from app.store import FacetRow, Store
from app.worker import Interrupted, Worker

log = logging.getLogger(__name__)
NAME_LENGTH = 80
PUBLISHED = (
    "These are weights that others published: without the pictures they were trained on, and without a bias, so nothing "
    "can be said about how well they tell the theme, and renders get no score for it."
)


class FacetDesk:
    """Everything about facets that touches the store."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        worker: Worker,
        residents: Residents,
        indexes: Indexes,
        pictures: FacetPictures,
    ) -> None:
        self.settings = settings
        self.store = store
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.pictures = pictures
        self.trained: Callable[[str], object] = lambda slug: None  # told of the model that has a new facet

    def take_in(
        self,
        name: str,
        model: str,
        files: Iterable[tuple[str, bytes]],
        *,
        corpus: str | None = None,
        spatial: bool = False,
        shipped: bool = False,
    ) -> tuple[str, bool]:
        """Decode and keep the pictures of a new facet; returns its id and whether it is new. Runs in any thread.

        `corpus` names the index whose pictures it is told from, the model's first one if none is named; `spatial` asks
        for probes that weigh every place by itself.

        Raises:
            NotFound: The model is not served, or has no corpus of that name.
            BadInput: No name, or fewer than eight usable pictures: the reasons of the refused ones are in the sentence.
            TooLarge: Too many files or bytes.
        """
        clip = self.residents.clip(model)
        title = " ".join(name.split())
        if not title or len(title) > NAME_LENGTH:
            raise BadInput(f"name: give the facet a name of 1 to {NAME_LENGTH} characters.", field="name")
        self.indexes.find(clip.slug, corpus)
        read, refused = self._read(files)
        if len(read) < training.MINIMUM_IMAGES:
            raise BadInput(_too_few(len(read), refused), field="images")
        for blob, (_, picture) in read.items():
            if not self.store.files.has_blob(blob):
                self.store.files.put_blob(blob, stored(picture))
        names = {blob: file_name for blob, (file_name, _) in read.items()}
        row = FacetRow(
            id=identity(title, clip.slug, corpus, names, spatial=spatial),
            name=title,
            model=clip.slug,
            corpus=corpus,
            status="queued",
            spatial=spatial,
            positives=len(names),
            refused=[asdict(refusal) for refusal in refused],
            shipped=shipped,
        )
        return row.id, self.store.add_facet(row, list(names.items()))

    def _read(
        self, files: Iterable[tuple[str, bytes]]
    ) -> tuple[dict[str, tuple[str, Image.Image]], list[images.Refusal]]:
        """The usable pictures by id, each with its name; nothing is stored yet."""
        usable: dict[str, tuple[str, Image.Image]] = {}
        refused: list[images.Refusal] = []
        limits = self.settings
        unpacked = images.unpack(
            list(files),
            max_images=limits.max_facet_images,
            max_bytes=limits.max_image_bytes,
            max_total_bytes=4 * limits.max_body_bytes,
        )
        for name, data in unpacked:
            try:
                picture = images.decode(
                    data, name=name, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels
                )
            except FacetscopeError as error:
                refused.append(images.Refusal(name, error.detail))
                continue
            blob, picture = kept(picture)
            if blob in usable:
                refused.append(images.Refusal(name, f"It is the same picture as {usable[blob][0]}."))
                continue
            usable[blob] = (name, picture)
        return usable, refused

    def take_published(self, model: str, source: str) -> list[str]:
        """Keep the facets that others published at a folder or address; returns their ids.

        Raises:
            NotFound: The model is not served.
            BadInput: There are none, or they are not this model's.
        """
        clip = self.residents.clip(model)
        return [
            self._keep_published(clip, name, weights)
            for name, weights in published.read(source, clip.layers, training.default_layers(clip)).items()
        ]

    def _keep_published(self, clip: Clip, name: str, weights: published.Weights) -> str:
        facet = Facet(
            model_slug=clip.slug,
            weights_hash=clip.weights_hash,
            probes={layer: Probe(layer, weight, 0.0) for layer, weight in weights.items()},
            reports=(),
            warnings=(PUBLISHED,),
            positives=0,
            negatives=0,
        )
        tensors = [part for layer, each in weights.items() for part in (layer, each.numpy().tobytes())]
        row = FacetRow(
            id=content_id("published facet", name, clip.slug, *tensors),
            name=name,
            model=clip.slug,
            status="ready",
            warnings=list(facet.warnings),
        )
        facet_file.save(facet, self._weights(row.id))
        self.store.add_facet(row, [])
        return row.id

    def admit(self) -> None:
        """Raise `QueueFull` before anything of a new facet is read or kept."""
        if self.worker.depth >= self.worker.queue_size:
            raise QueueFull(
                f"The queue is full: {self.worker.queue_size} jobs wait already. Try again in half a minute."
            )

    def queue(self, facet_id: str) -> Job | None:
        """Queue the training of a facet unless it is trained; one that was admitted is never turned away."""
        if self._trained(facet_id):
            return None
        self.store.change_facet(facet_id, status="queued", error=None)
        return self.worker.submit(Job(f"facet:{facet_id}", lambda job: self._train(facet_id, job)), force=True)

    def resume(self) -> None:
        """Queue what a restart found waiting, interrupted, or trained on weights that have changed since."""
        for row in reversed(self.store.facets()):
            if row.status != "failed" and self.residents.find(row.model):
                self.queue(row.id)

    def shipped(self, slug: str) -> Iterator[str]:
        """Take in the image sets `facets/NAME.tar` that a model brought along; yields each one's id.

        A set that an earlier version brought and this one does not is kept as anybody's facet.
        """
        folder, current = self.residents.folder(slug), set[str]()
        for path in sorted((folder / "facets").glob("*.tar")) if folder else []:
            files = [(item.key, item.read()) for item in open_source(str(path))]
            facet_id, _ = self.take_in(path.stem, slug, files, shipped=True)
            current.add(facet_id)
            yield facet_id
        for row in self.store.facets(model=slug):
            if row.shipped and row.id not in current:
                self.store.change_facet(row.id, shipped=False, name=f"{row.name} (before)")

    def train_now(self, facet_id: str) -> None:
        """Train a facet in this thread unless it is trained (for the command line, which owns the device)."""
        if not self._trained(facet_id):
            for _ in self._train(facet_id, Job(f"facet:{facet_id}", lambda _: iter(()))):
                pass

    def _trained(self, facet_id: str) -> bool:
        """Whether the facet can steer the model as it is loaded, perhaps because the model brought it along trained."""
        try:
            self.load(facet_id)
        except FacetscopeError:
            return self._bring(facet_id)
        return True

    def _bring(self, facet_id: str) -> bool:
        """Take over the probes that a model brought along for just these pictures; False if it did not, or for other
        weights."""
        row = self.store.facet(facet_id)
        folder, clip = self.residents.folder(row.model), self.residents.find(row.model)
        index = self.indexes.find(row.model)
        path = folder / "facets" / f"{row.name}.{row.id}.safetensors" if folder and row.shipped else None
        if path is None or not path.is_file() or clip is None or index is None:
            return False
        facet = facet_file.load(path)
        if facet.weights_hash != clip.weights_hash:
            return False
        facet_file.save(facet, self._weights(facet_id))
        self._finish(facet_id, facet, index)
        return True

    def _train(self, facet_id: str, job: Job) -> Iterator[None]:
        row = self.store.facet(facet_id)
        try:
            self.store.change_facet(facet_id, status="training", progress="reading the pictures")
            job.announce()
            yield
            clip, index = self.residents.clip(row.model), self.indexes.need(row.model, row.corpus)
            yield from self.pictures.looking(clip, index, row.id)
            facet = training.train(
                clip,
                [picture() for picture in self.pictures.of(row.id)],
                sample(index),
                training.default_layers(clip),
                spatial=row.spatial,
                seed=0,
                progress=lambda done, total: self._tell(facet_id, f"seen {done} of {total} pictures", job),
            )
            facet_file.save(facet, self._weights(facet_id))
            self._finish(facet_id, facet, index)
            self.worker.post(self.trained, row.model)  # when this job has ended
        except Interrupted:
            return  # still "training" in the store: the next start resumes it
        except FacetscopeError as error:
            yield from self._fail(facet_id, error.detail)
        except Exception as error:
            if is_fault(error):
                raise  # left as it is stored: the next start does it again
            log.exception("training facet %s failed", facet_id)
            told = "The training failed: the server's log says why. The pictures are kept."
            yield from self._fail(facet_id, reason(error, told))

    def _fail(self, facet_id: str, said: str) -> Iterator[None]:
        return once_there_is_room(lambda: self.store.change_facet(facet_id, status="failed", error=said))

    def _tell(self, facet_id: str, sentence: str, job: Job) -> None:
        self.store.change_facet(facet_id, progress=sentence)
        job.announce()
        self.worker.breathe()

    def _finish(self, facet_id: str, facet: Facet, index: Index) -> None:
        self.store.change_facet(
            facet_id,
            status="ready",
            progress="",
            error=None,
            corpus=index.manifest.name,
            positives=facet.positives,
            negatives=facet.negatives,
            layers=[asdict(report) for report in facet.reports],
            warnings=list(facet.warnings),
        )

    def _weights(self, facet_id: str) -> Path:
        path = self.store.files.facet_weights(facet_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def load(self, facet_id: str) -> Facet:
        """The trained facet. Raises `NotFound`, or `NotReady` while it trains or where it is of other weights."""
        row = self.store.facet(facet_id)
        if row.status != "ready":
            raise NotReady(f"The facet {row.name} is not ready: it is {row.status}.")
        facet = facet_file.load(self._weights(facet_id))
        if facet.weights_hash != self.residents.clip(row.model).weights_hash:
            raise NotReady(
                f"The facet {row.name} was trained on other weights of {row.model}. Upload its pictures again."
            )
        return facet

    def resolve(self, model: str, name_or_id: str) -> str:
        """The id of a facet of a model, given its id or its name. Raises `BadInput` naming those there are."""
        rows = self.store.facets(model=model, images=False)
        found = next((row.id for row in rows if row.id == name_or_id), None)
        found = found or next((row.id for row in rows if row.name == name_or_id), None)
        if found is None:
            names = ", ".join(row.name for row in rows) or "none yet"
            raise BadInput(f"facet: {model} has no facet {name_or_id!r}. There are: {names}.", field="facet")
        return found

    def judges(self, model: str) -> dict[str, Facet]:
        """The facets of a model that can say how much a picture is of their theme, by their ids."""
        found = {}
        for row in self.store.facets(model=model, images=False):
            if not row.layers:  # not trained yet, or published weights, which come without a bias
                continue
            with suppress(NotReady, NotFound):
                found[row.id] = self.load(row.id)
        return found

    def links(self, model: str) -> list[FacetLink]:
        """The facets of a model as choices in a picker."""
        return [link(row) for row in self.store.facets(model=model, images=False)]

    def steering(self, model: str, layer: str) -> list[FacetLink]:
        """The trained facets of a model that can steer units of a layer, which it has."""
        names = list(self.residents.layers(model))
        lower = names[: names.index(layer)]
        rows = (row for row in self.store.facets(model=model, images=False) if row.status == "ready")
        return [link(row) for row in rows if set(lower) & set(self._probed(row))]

    def _probed(self, row: FacetRow) -> Iterable[str]:
        """The layers of a facet's probes; those of published ones have no reports and are looked up in its file."""
        return [report["layer"] for report in row.layers] or facet_file.load(self._weights(row.id)).probes

    def cards(self) -> Facets:
        """All facets."""
        return Facets(
            facets=[card(row) for row in self.store.facets()],
            models=self.residents.slugs,
            corpora=[index.manifest.name for slug in self.residents.slugs for index in self.indexes.of(slug)],
            max_images=self.settings.max_facet_images,
            min_images=training.MINIMUM_IMAGES,
        )


def _too_few(usable: int, refused: Sequence[images.Refusal]) -> str:
    reasons = " ".join(f"{refusal.name}: {refusal.reason}" for refusal in refused[:5])
    return (
        f"images: a facet needs at least {training.MINIMUM_IMAGES} usable pictures and got {usable}. "
        f"Add more pictures of the theme. {reasons}"
    ).strip()
