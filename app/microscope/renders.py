"""Renders: a spec becomes an address, a job on the device thread, frames on disk and a finished picture."""

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import islice

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app import images
from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.sample import sample, sample_key
from app.errors import BadInput, FacetscopeError, QueueFull
from app.facets.facet import Facet
from app.facets.pictures import kept, restored, stored
from app.job import Job
from app.microscope.admission import Admit, freely
from app.microscope.against import Against, of_direction, of_unit
from app.microscope.columns import ColumnDesk
from app.microscope.facets import FacetDesk
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.microscope.room import once_there_is_room, reason
from app.render import target
from app.render.faults import is_fault, is_shortage
from app.render.objective import Direction, Objective
from app.render.passes import Pass, Slope
from app.render.presets import recipe
from app.render.run import Scores, begin, measure
from app.render.spectrum import FILE as SPECTRUM
from app.render.spectrum import Spectrum, spectrum_of
from app.render.steer import usable
from app.settings import Settings
from app.spec import RenderSpec
from app.store import UNDRAWN, Store
from app.worker import Full, Interrupted, Worker

log = logging.getLogger(__name__)
OUT_OF_MEMORY = "The device ran out of memory. Choose a smaller size, or try again when fewer renders run."
PARTS = 12  # units of a direction or a prompt that are named
SEEDS = 3  # more, to see how far a picture depends on chance


class RenderDesk:
    """Everything about renders that touches the device or changes the store."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        worker: Worker,
        residents: Residents,
        indexes: Indexes,
        columns: ColumnDesk,
        facets: FacetDesk,
    ) -> None:
        self.settings = settings
        self.store = store
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.columns = columns
        self.facets = facets

    def take_in(self, name: str, data: bytes) -> str:
        """Keep an uploaded picture for a render to start from; returns its id. Raises `NotAnImage` and `TooLarge`."""
        limits = self.settings
        picture = images.decode(data, name=name, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
        blob, picture = kept(picture)
        self.store.files.put_blob(blob, stored(picture))
        return blob

    def source(self, spec: RenderSpec) -> Image.Image | None:
        """The uploaded picture that a spec names. Raises `NotFound`."""
        return restored(self.store.files.blob(spec.picture)) if spec.picture else None

    def spectrum(self, model: str, preset: str) -> Spectrum | None:
        """The spectrum of a model's first corpus, where the preset draws with one; measured if nobody has yet."""
        index = self.indexes.find(model) if recipe(preset).phases else None
        if index is None:
            return None
        folder = index.folder
        if self.indexes.fixed(index) and not (folder / SPECTRUM).is_file():
            folder = self.settings.data / "spectra" / index.manifest.name
            folder.mkdir(parents=True, exist_ok=True)
        return spectrum_of(folder, sample_key(index), self._sampled(index))

    def _sampled(self, index: Index) -> Iterator[Tensor]:
        for batch in sample(index):
            self.worker.breathe()
            yield batch

    def check(self, spec: RenderSpec) -> RenderSpec:
        """The spec with the names of its facets resolved to ids.

        Raises:
            NotFound: The model is not served, or has no such layer or unit.
            BadInput: More pixels or steps than the server allows, an unknown facet, one of another model, one whose
                probes all lie above the layer, a picture that was not uploaded here, a prompt at another layer than the
                last, or a preset that needs a corpus where there is none.
            NotReady: The model or a facet is not ready yet.
        """
        clip = self.residents.clip(spec.model)
        self._check_budget(spec)
        target.check(clip, spec)
        if spec.picture is not None and not self._is_kept(spec.picture):
            raise BadInput("picture: it was not uploaded here; choose the picture again", field="picture")
        if recipe(spec.preset).phases and self.indexes.find(spec.model) is None:
            raise BadInput(
                f"preset: {spec.preset} draws with the spectrum of a corpus, and {spec.model} has none yet; "
                "index one, or choose another preset",
                field="preset",
            )
        if not spec.pulls:
            return spec
        resolved = [(self.facets.resolve(spec.model, pull.facet), pull.strength) for pull in spec.pulls]
        for facet_id, _ in resolved:
            usable(self.facets.load(facet_id), clip, spec.layer)
        if len(resolved) == 1:
            return spec.but(facet=resolved[0][0])
        mix = [{"facet": facet_id, "strength": strength} for facet_id, strength in resolved]
        return spec.but(facet=None, mix=mix)

    def _check_budget(self, spec: RenderSpec) -> None:
        limits = (("size", "px", self.settings.max_render_size), ("steps", "steps", self.settings.max_render_steps))
        for name, what, most in limits:
            if getattr(spec, name) > most:
                raise BadInput(
                    f"{name}: this server draws at most {most} {what}, and this asks for {getattr(spec, name)}. Choose "
                    f"fewer, or raise FACETSCOPE_MAX_RENDER_{name.upper()} on the server.",
                    field=name,
                )

    def _is_kept(self, blob: str) -> bool:
        return blob.isalnum() and self.store.files.has_blob(blob)

    def start(self, spec: RenderSpec, admit: Admit = freely, *, force: bool = False) -> tuple[str, bool]:
        """Keep and queue a render; returns its id and whether it is new. Raises as `check`, as `admit` if there is work to
        do, and `QueueFull` unless it is to be queued in any case."""
        spec = self.check(spec)
        admit(self.missing([spec]))
        created = self.store.add_render(spec)
        if self.store.render(spec.id).status == "queued":
            try:
                self._submit(spec, force=force)
            except Full as full:
                self._forget(spec, created)
                raise QueueFull(
                    f"The queue is full: {self.worker.queue_size} jobs wait already. Try again in half a minute."
                ) from full
        return spec.id, created

    def missing(self, specs: Iterable[RenderSpec]) -> int:
        """How many of some renders have to be made: nobody asked for them, or they came to nothing."""
        return sum(not self._is_there(spec) for spec in specs)

    def start_seeds(self, render_id: str, admit: Admit = freely) -> None:
        """Start the same render from the next seeds that nobody asked for. Raises `NotFound`, and as `start`."""
        spec = RenderSpec.parse(self.store.render(render_id).spec)
        others = (spec.but(seed=seed) for seed in range(spec.seed + 1, spec.seed + 1000))
        wanted = list(islice((other for other in others if not self._is_there(other)), SEEDS))
        admit(len(wanted))
        for place, other in enumerate(wanted):
            self.start(other, force=place > 0)

    def _is_there(self, spec: RenderSpec) -> bool:
        row = self.store.find_render(spec.id)
        return row is not None and row.status not in UNDRAWN

    def resume(self) -> None:
        """Queue again what a restart found waiting or interrupted; the same seed gives the same pictures."""
        for row in self.store.unfinished_renders():
            if row.model in self.residents.slugs:
                self._submit(RenderSpec.parse(row.spec), force=True)

    def cancel(self, render_id: str) -> Job | None:
        """Ask a render to stop before its next step; one that still waits is cancelled at once."""
        row = self.store.render(render_id)
        job = self.worker.find(render_id)
        if job is not None:
            job.cancel()
        if row.status == "queued":
            self.store.change_render(render_id, status="cancelled")
        return job

    def _submit(self, spec: RenderSpec, *, force: bool = False) -> Job:
        return self.worker.submit(Job(spec.id, lambda job: self._run(spec, job), shares=True), force=force)

    def _forget(self, spec: RenderSpec, created: bool) -> None:
        if created:
            self.store.remove_render(spec.id)
        else:
            self.store.change_render(spec.id, status="failed", error="The queue was full. Press visualize again.")

    def _run(self, spec: RenderSpec, job: Job) -> Generator[Pass | None, Slope, None]:
        """Advance one render: each step asks for a pass, which is run with those of other renders, and may then be
        cancelled or interrupted."""
        if job.cancelled:
            return
        started = time.monotonic()
        try:
            self.store.files.drop_frames(spec.id)
            self.store.change_render(spec.id, status="running", step=0, error=None)
            job.announce()
            clip = self.residents.clip(spec.model)
            facets = {pull.facet: self.facets.load(pull.facet) for pull in spec.pulls}
            source = self.source(spec)
            pictures: np.ndarray | None = None
            ascent = begin(clip, spec, list(facets.values()), source, self.spectrum(spec.model, spec.preset))
            self.store.change_render(spec.id, parts=_parts(ascent.watch))
            corpus = self._against_corpus(spec, ascent.watch)
            while not ascent.done:
                slope = yield ascent.ask()
                if job.cancelled:
                    self.store.change_render(spec.id, status="cancelled", elapsed_s=time.monotonic() - started)
                    return
                frame = ascent.take(slope)
                if frame.image is not None:
                    pictures = frame.image
                    self.store.files.put_frame(spec.id, frame.step, images.encode_webp(images.side_by_side(pictures)))
                    self._keep_progress(clip, spec, facets, frame.step, pictures[-1], source, corpus, started)
                    job.announce()
            if pictures is not None:  # the last frame, which is kept and scored by now
                self.store.files.put_picture(spec.id, images.encode_png(Image.fromarray(pictures[-1])))
                self._finish(clip, spec, pictures[-1], source, started)
        except Interrupted:
            return  # still "running" in the store: the next start resumes it
        except FacetscopeError as error:
            yield from self._fail(spec, error.detail)
        except Exception as error:
            if is_fault(error):
                raise  # still "running" in the store: the next start resumes it
            if is_shortage(error):
                torch.cuda.empty_cache()
                yield from self._fail(spec, OUT_OF_MEMORY)
                return
            log.exception("render %s failed", spec.id)
            yield from self._fail(spec, reason(error, "The render failed: the server's log says why."))

    def _fail(self, spec: RenderSpec, said: str) -> Iterator[None]:
        return once_there_is_room(lambda: self.store.change_render(spec.id, status="failed", error=said))

    def _keep_progress(
        self,
        clip: Clip,
        spec: RenderSpec,
        facets: Mapping[str, Facet],
        step: int,
        image: np.ndarray,
        source: Image.Image | None,
        corpus: Against | None,
        started: float,
    ) -> None:
        """Keep how far the render is; scored as at the end, without transforms, so that the numbers compare."""
        scores = measure(clip, spec, list(facets.values()), image, source)
        first = {"first_activation": scores.activation} if step == 1 else {}
        self.store.change_render(
            spec.id,
            step=step,
            activation=scores.activation,
            facet_score=scores.facet_score,
            facet_scores=_known(facets, scores),
            elapsed_s=time.monotonic() - started,
            **first,
            **(corpus(scores.activation) if corpus else {}),
        )

    def _finish(
        self, clip: Clip, spec: RenderSpec, image: np.ndarray, source: Image.Image | None, started: float
    ) -> None:
        """Ask every facet's probe about the finished picture: what a facet changed shows beside what it is without."""
        judges = self.facets.judges(spec.model)
        scores = measure(clip, spec, list(judges.values()), image, source)
        self.store.change_render(
            spec.id, status="done", facet_scores=_known(judges, scores), elapsed_s=time.monotonic() - started
        )

    def _against_corpus(self, spec: RenderSpec, watch: Objective) -> Against | None:
        """The corpus' record of what a render makes large; None for what it keeps no record of."""
        index = self.indexes.with_layer(spec.model, spec.layer)
        if index is None:
            return None
        columns = self.columns.find(index)
        if spec.unit is not None:
            return of_unit(index, columns, spec.layer, spec.unit)
        if columns is None or not isinstance(watch, Direction):
            return None
        return of_direction(columns, spec.layer, watch.weights, self.worker.breathe)


def _known(facets: Mapping[str, Facet], scores: Scores) -> dict[str, float]:
    found = zip(facets, scores.facets, strict=True)
    return {facet: score for facet, score in found if score is not None}


def _parts(objective: object) -> list[list[float]]:
    """The units that weigh most in a direction or a prompt, as [unit, weight]."""
    if not isinstance(objective, Direction):
        return []
    weights = objective.weights
    heaviest = weights.abs().argsort(descending=True)[:PARTS]
    return [[int(unit), float(weights[unit])] for unit in heaviest if weights[unit]]
