"""Renders: a spec becomes an address, a job on the device thread, frames on disk and a finished picture."""

import logging
import time
from collections.abc import Generator
from io import BytesIO

import numpy as np
import torch
from PIL import Image

from app import images, urls
from app.answers import Comparison, Difference, PresetChoice, RenderLink, RenderPage
from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound, QueueFull
from app.job import Job
from app.microscope.facets import FacetDesk
from app.microscope.indexes import Indexes, labels
from app.microscope.residents import Residents
from app.microscope.responses import examples
from app.render.faults import is_fault, is_shortage
from app.render.passes import Pass, Slope
from app.render.run import Scores, begin, measure
from app.render.steer import usable
from app.spec import PRESETS, RenderSpec
from app.store import RenderRow, Store
from app.worker import Full, Worker

log = logging.getLogger(__name__)
SHOWN = 9  # dataset examples beside a render
OUT_OF_MEMORY = "The device ran out of memory. Choose a smaller size, or try again when fewer renders run."


class RenderDesk:
    """Everything about renders that touches the store."""

    def __init__(self, store: Store, worker: Worker, residents: Residents, indexes: Indexes, facets: FacetDesk) -> None:
        self.store = store
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.facets = facets

    def check(self, spec: RenderSpec) -> RenderSpec:
        """The spec with its facet's name resolved to an id.

        Raises:
            NotFound: The model is not served, or has no such layer or unit.
            BadInput: An unknown facet, one of another model, or one whose probes all lie above the unit.
            NotReady: The model or the facet is not ready yet.
        """
        clip = self.residents.clip(spec.model)
        clip.unit(spec.layer, spec.unit)
        if spec.facet is None:
            return spec
        facet_id = self.facets.resolve(spec.model, spec.facet)
        usable(self.facets.load(facet_id), clip, spec.layer)
        return spec.model_copy(update={"facet": facet_id})

    def start(self, spec: RenderSpec, *, force: bool = False) -> tuple[str, bool]:
        """Keep and queue a render; returns its id and whether it is new. Raises as `check`, and `QueueFull` unless it is
        to be queued in any case."""
        spec = self.check(spec)
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

    def page(self, render_id: str) -> RenderPage:
        """A render with what came of it so far. Raises `NotFound`."""
        row = self.store.render(render_id)
        spec = RenderSpec.parse(row.spec)
        index = self._index(spec)
        choices = self.facets.links(spec.model)
        clip = self.residents.find(spec.model)
        top = index.unit(spec.layer, spec.unit).top[:SHOWN] if index else []
        plain = self.store.find_render(RenderSpec.model_validate({**spec.model_dump(), "facet": None}).id)
        chosen = [each for each in choices if each.id == spec.facet]
        others = self.store.renders(model=spec.model, layer=spec.layer, unit=spec.unit)
        return RenderPage.model_validate(
            {
                "id": row.id,
                "url": urls.render(row.id),
                "spec": spec,
                "status": row.status,
                "step": row.step,
                "steps": spec.steps,
                "activation": row.activation,
                "activation_sd": row.activation_sd,
                "activation_percentile": row.activation_percentile,
                "facet_score": row.facet_score,
                "frames": [{"step": step, "url": urls.frame(row.id, step)} for step in self.store.files.frames(row.id)],
                "image": urls.render_image(row.id) if row.status == "done" else None,
                "elapsed_s": row.elapsed_s,
                "error": row.error,
                "facet": chosen[0] if chosen else None,
                "facets": choices,
                "presets": preset_choices(),
                "unit_url": urls.unit(spec.model, spec.layer, spec.unit),
                "layer_url": urls.layer(spec.model, spec.layer),
                "label": labels(index, spec.layer)[spec.unit] if index else "",
                "examples": examples(index, clip.layers[spec.layer], spec.unit, top) if index and clip else [],
                "plain": link(plain) if plain and spec.facet else None,
                "others": [link(each) for each in others if each.id != row.id and each.status == "done"][:SHOWN],
                "ahead": self.worker.ahead(row.id),
            }
        )

    def compare(self, left_id: str, right_id: str) -> Comparison:
        """Two renders side by side. Raises `NotFound`."""
        left, right = self.page(left_id), self.page(right_id)
        return Comparison(
            url=urls.comparison(left_id, right_id), left=left, right=right, differences=_differences(left, right)
        )

    def film(self, render_id: str) -> bytes:
        """How a finished picture grew, animated WebP. Raises `NotFound` before it is finished."""
        row = self.store.render(render_id)
        steps = self.store.files.frames(render_id) if row.status == "done" else []
        if not steps:
            raise NotFound(f"The render {render_id} has no film: it is {row.status}. It has one once it is done.")
        frames = (self.store.files.frame(render_id, step) for step in steps)
        return images.encode_film([Image.open(BytesIO(frame), formats=("WEBP",)) for frame in frames])

    def spec(self, render_id: str) -> RenderSpec:
        """What made a render. Raises `NotFound`."""
        return RenderSpec.parse(self.store.render(render_id).spec)

    def _submit(self, spec: RenderSpec, *, force: bool = False) -> Job:
        return self.worker.submit(Job(spec.id, lambda job: self._run(spec, job), shares=True), force=force)

    def _forget(self, spec: RenderSpec, created: bool) -> None:
        if created:
            self.store.remove_render(spec.id)
        else:
            self.store.change_render(spec.id, status="failed", error="The queue was full. Press visualize again.")

    def _run(self, spec: RenderSpec, job: Job) -> Generator[Pass, Slope, None]:
        """Advance one render: each step asks for a pass, which is run with those of other renders, and may then be
        cancelled or interrupted."""
        if job.cancelled:
            return
        started = time.monotonic()
        self.store.files.drop_frames(spec.id)
        self.store.change_render(spec.id, status="running", step=0, error=None)
        job.announce()
        try:
            clip = self.residents.clip(spec.model)
            facet = self.facets.load(spec.facet) if spec.facet else None
            picture: np.ndarray | None = None
            ascent = begin(clip, spec, facet)
            while not ascent.done:
                slope = yield ascent.ask()
                if job.cancelled:
                    self.store.change_render(spec.id, status="cancelled", elapsed_s=time.monotonic() - started)
                    return
                frame = ascent.take(slope)
                if frame.image is not None:
                    picture = frame.image
                    self.store.files.put_frame(spec.id, frame.step, images.encode_webp(_strip(picture)))
                    self._keep_progress(spec, frame.step, measure(clip, spec, facet, picture[-1]), started)
                    job.announce()
            if picture is not None:  # the last frame, which is kept and scored by now
                self.store.files.put_picture(spec.id, images.encode_png(Image.fromarray(picture[-1])))
                self.store.change_render(spec.id, status="done", elapsed_s=time.monotonic() - started)
        except FacetscopeError as error:
            self.store.change_render(spec.id, status="failed", error=error.detail)
        except Exception as error:
            if is_fault(error):
                raise  # still "running" in the store: the next start resumes it
            if is_shortage(error):
                torch.cuda.empty_cache()
                self.store.change_render(spec.id, status="failed", error=OUT_OF_MEMORY)
                return
            log.exception("render %s failed", spec.id)
            self.store.change_render(spec.id, status="failed", error="The render failed: the server's log says why.")

    def _keep_progress(self, spec: RenderSpec, step: int, scores: Scores, started: float) -> None:
        """Keep how far the render is; scored as at the end, without transforms, so that the numbers compare."""
        self.store.change_render(
            spec.id,
            step=step,
            activation=scores.activation,
            facet_score=scores.facet_score,
            elapsed_s=time.monotonic() - started,
            **self._against_corpus(spec, scores.activation),
        )

    def _index(self, spec: RenderSpec) -> Index | None:
        index = self.indexes.find(spec.model)
        return index if index is not None and spec.layer in index.manifest.layers else None

    def _against_corpus(self, spec: RenderSpec, activation: float) -> dict[str, float]:
        index = self._index(spec)
        if index is None:
            return {}
        mean, std = float(index.mean(spec.layer)[spec.unit]), float(index.std(spec.layer)[spec.unit])
        return {
            "activation_sd": (activation - mean) / std if std > 0 else 0.0,
            "activation_percentile": index.percentile(spec.layer, spec.unit, activation),
        }


def _differences(left: RenderPage, right: RenderPage) -> list[Difference]:
    """The settings that differ, in the order of the spec, a facet by its name."""
    ours, theirs = (
        {**page.spec.model_dump(), "facet": page.facet.name if page.facet else page.spec.facet or "none"}
        for page in (left, right)
    )
    return [
        Difference(name=name, left=str(value), right=str(theirs[name]))
        for name, value in ours.items()
        if value != theirs[name]
    ]


def _strip(pictures: np.ndarray) -> Image.Image:
    """The pictures of a ramp [B, S, S, 3] side by side."""
    return Image.fromarray(np.concatenate(list(pictures), axis=1))


def link(row: RenderRow) -> RenderLink:
    """A render as a thumbnail in a list."""
    spec = RenderSpec.parse(row.spec)
    return RenderLink.model_validate(
        {
            "id": row.id,
            "url": urls.render(row.id),
            "image": urls.render_image(row.id) if row.status == "done" else None,
            "status": row.status,
            "unit": row.unit,
            "unit_url": urls.unit(row.model, row.layer, row.unit),
            "layer": row.layer,
            "model": row.model,
            "facet": row.facet,
            "strength": spec.strength,
            "aim": spec.aim,
            "activation_percentile": row.activation_percentile,
        }
    )


def preset_choices() -> list[PresetChoice]:
    """The presets a render may be made with."""
    return [PresetChoice(**preset.model_dump()) for preset in PRESETS.values()]
