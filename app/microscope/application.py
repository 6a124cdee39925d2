"""The application object: it joins the desks that pages and commands ask, starts them and stops them, and does itself what
takes more than one of them."""

import asyncio
import gc
import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from app import images, urls
from app.answers.examples import View
from app.answers.facets import FacetPage
from app.answers.findings import Finding, FindingView
from app.answers.layer import UnitCard
from app.answers.looks import CorpusImagePage
from app.answers.models import CardPage
from app.answers.renders import Renders
from app.answers.status import StatusPage
from app.answers.unit import UnitPage
from app.corpus.index import Index
from app.corpus.kept import kept
from app.errors import NotFound
from app.job import Job
from app.microscope import facet_answers, facet_table
from app.microscope.admission import Admit, freely
from app.microscope.alike import AlikeDesk
from app.microscope.beside import BesideDesk
from app.microscope.browsing import Browser
from app.microscope.captions import Captions
from app.microscope.card import Card
from app.microscope.columns import ColumnDesk
from app.microscope.deleting import DeleteDesk
from app.microscope.downloads import Downloads
from app.microscope.facet_columns import FacetColumnDesk
from app.microscope.facet_pictures import FacetPictures
from app.microscope.facet_rows import FacetRows
from app.microscope.facet_table import FacetTableDesk
from app.microscope.facets import FacetDesk
from app.microscope.family_desk import FamilyDesk
from app.microscope.findings import FindingDesk
from app.microscope.gallery import PLAIN, Gallery
from app.microscope.given_desk import GivenDesk
from app.microscope.given_facet import GivenFacets
from app.microscope.heat import HeatDesk
from app.microscope.home import HomeDesk
from app.microscope.indexes import Indexes
from app.microscope.instruments import Files
from app.microscope.keys import KeyDesk
from app.microscope.lab.desk import LabDesk
from app.microscope.lab.laboratory import Laboratory
from app.microscope.lab.pictured import PicturedDesk
from app.microscope.lab.text import TextDesk
from app.microscope.labellings import LabellingDesk
from app.microscope.labels import LabelDesk
from app.microscope.lists import ListDesk
from app.microscope.looks import LookDesk
from app.microscope.metrics import Metrics
from app.microscope.naming import Naming, Titles
from app.microscope.naming_desk import NamingDesk
from app.microscope.notes import NoteDesk
from app.microscope.parts import Box
from app.microscope.quizzes import QuizDesk
from app.microscope.references import References
from app.microscope.render_pages import RenderPages, link
from app.microscope.renders import RenderDesk
from app.microscope.residents import Residents
from app.microscope.standing import Standing
from app.microscope.surveys import SurveyDesk
from app.microscope.sweeping import Sweeper
from app.microscope.top_words import TopWords
from app.microscope.tour import TourDesk
from app.microscope.watching import Watching, until_over
from app.render.faults import is_fault
from app.settings import Settings
from app.spec import FindingSpec, RenderSpec, TableSpec
from app.store import Store, be_patient
from app.worker import Worker

log = logging.getLogger(__name__)
PAGE = 48
CANCEL_WAIT_S = 5.0
CLOSE_WAIT_S = 3.0
FIRST_FRAME_WAIT_S = 0.2
PICTURES = 4096  # of corpora, of some kilobytes each, that are kept as they were sent last
PATIENCE_S = 600.0  # that what runs waits for the database, before a new process is to try


class Microscope:
    """Joins the store, the device thread, the models, their indexes, facets and renders.

    Plain methods read and may be called from any thread; `async` ones may wait for the device thread.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.data, settings.database, settings.blobs)
        self.key_desk = KeyDesk(self.store, settings.secret.get_secret_value())
        self.metrics = Metrics(lambda: self.standing.gauges(self.ready()[0]))
        self.worker = Worker(settings.queue_size, settings.renders_at_once, fatal=is_fault, stepped=self.metrics.step)
        self.sweeper = Sweeper(settings, self.store)
        self.residents = Residents(settings, self.worker)
        self.indexes = Indexes(settings, self.residents)
        self.standing = Standing(
            settings, self.store, self.worker, self.residents, self.indexes, lambda: self.sweeper.made_bytes
        )
        self.column_desk = ColumnDesk(self.worker, self.residents, self.indexes)
        self.label_desk = LabelDesk(self.worker, self.residents, self.indexes)
        self.family_desk = FamilyDesk(self.worker, self.residents, self.indexes, self.column_desk, self.label_desk)
        self.column_desk.then = self._after_columns
        self.label_desk.then = self.family_desk.queue
        self.naming = Naming(self.store, self.label_desk)
        self.gallery = Gallery(settings.data / "galleries", self.residents)
        pictures = FacetPictures(self.store, self.worker, self.residents)
        self.facet_desk = FacetDesk(settings, self.store, self.worker, self.residents, self.indexes, pictures)
        self.facet_columns = FacetColumnDesk(
            self.store, self.worker, self.residents, self.indexes, self.column_desk, self.facet_desk
        )
        self.facet_desk.trained = self.facet_columns.queue
        self.render_desk = RenderDesk(
            settings, self.store, self.worker, self.residents, self.indexes, self.column_desk, self.facet_desk
        )
        self.render_pages = RenderPages(
            self.store,
            self.residents,
            self.indexes,
            self.facet_desk,
            self.gallery,
            self.worker.ahead,
            self.naming,
            bounded=settings.disk_quota_bytes > 0,
        )
        self.table_desk = FacetTableDesk(
            self.store, self.residents, self.indexes, self.facet_desk, self.render_desk, self.render_pages, self.naming
        )
        self.look_desk = LookDesk(
            settings, self.store, self.worker, self.residents, self.indexes, self.gallery, self.naming
        )
        self.top_words = TopWords(self.store, self.residents, self._titles)
        self.laboratory = Laboratory(
            settings,
            self.store,
            self.residents,
            self.indexes,
            self.column_desk,
            self.naming,
            self.gallery,
            self.top_words.seconds,
            self._cards,
            self._titles,
        )
        benches = self.laboratory.benches
        self.lab_desk = LabDesk(self.store, self.residents, benches)
        instruments = {"captions": Captions(settings.data, self._label), "words": self.top_words, **benches}
        self.finding_desk = FindingDesk(self.store, self.worker, self.residents, instruments)
        self.heat_desk = HeatDesk(self.worker, self.residents, self.indexes, self.column_desk, self.naming)
        self.browser = Browser(
            self.store,
            self.residents,
            self.indexes,
            self.column_desk,
            self.facet_desk,
            self.gallery,
            self.render_pages,
            self.naming,
            FacetRows(self.facet_desk, self.column_desk, self.facet_columns, self.gallery),
            self.top_words,
        )
        self.downloads = Downloads(self.browser)
        self.home_desk = HomeDesk(self.browser, self.ready)
        self.naming_desk = NamingDesk(self.browser)
        self.labelling_desk = LabellingDesk(self.store, self.browser)
        self.text_desk = TextDesk(self.browser, self.worker, self.lab_desk)
        self.pictured_desk = PicturedDesk(self.store, self.browser, self.worker, self.lab_desk, self.top_words)
        self.alike_desk = AlikeDesk(self.browser)
        self.given_desk = GivenDesk(self.browser, GivenFacets(self.store, pictures, self.facet_columns))
        self.quiz_desk = QuizDesk(self.store, self.browser, References(self.store, self.gallery, self.facet_desk))
        self.survey_desk = SurveyDesk(self.store, self.browser)
        self.note_desk = NoteDesk(self.store, self.browser)
        self.list_desk = ListDesk(self.store, self.browser)
        self.tour_desk = TourDesk(self.browser, self.family_desk)
        self.beside_desk = BesideDesk(self.browser, self.look_desk)
        self.watching = Watching(
            self.store,
            self.worker,
            self.table_desk,
            render=self.render_pages.page,
            facet=self.facet,
            finding=self.finding,
        )
        self.delete_desk = DeleteDesk(self.store, self.indexes, pictures)

    def start(self) -> None:
        """Start the device thread and queue what it does first: load, index, train, resume. Returns at once, when what a
        killed process left of its files is swept."""
        self.sweeper.start()
        self.worker.start()
        self.worker.post(be_patient, self._until_it_is_back)
        for slug in self.residents.slugs:
            self.worker.post(self.residents.load, slug)
            self.worker.post(self.indexes.check_mounted, slug)
        self.worker.post(self._queue_first_work)

    def _until_it_is_back(self, waited_s: float) -> None:
        """What the device thread does while the database is away: short calls go on, and after a while it gives up."""
        if waited_s > PATIENCE_S and not self.worker.closing:
            self.worker.fail(TimeoutError(f"waited for {waited_s:.0f} s"), "the database or its files stayed away")
        self.worker.breathe()

    def _queue_first_work(self) -> None:
        for slug in self.residents.slugs:
            job = self.indexes.own_job(slug)
            if job is not None:
                self.worker.submit(job, force=True)
        self.worker.submit(Job("resume", lambda _: self._resume(), shares=True), force=True)

    def _after_columns(self, index: Index) -> None:
        self.facet_columns.queue(index.manifest.model)
        self.label_desk.queue(index.manifest.name)

    def _resume(self) -> Iterator[None]:
        """Runs beside the indexing: what a model brought along trained is there before its whole corpus is indexed."""
        self.render_desk.resume()
        for slug in self.residents.slugs:
            while self.indexes.find(slug) is None and self.worker.find(f"index:{slug}"):
                yield
            if self.residents.find(slug) and self.indexes.find(slug):
                for facet_id in self.facet_desk.shipped(slug):
                    self.facet_desk.queue(facet_id)
                    yield
        self.facet_desk.resume()
        self.finding_desk.resume()
        for slug in self.residents.slugs:
            self.column_desk.queue(slug)
            self.facet_columns.queue(slug)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: looking through it again would take a third of a second each time

    def close(self) -> None:
        """Stop before the next step and close the store; what waits or runs is resumed at the next start."""
        self.worker.close(CLOSE_WAIT_S)
        self.sweeper.close()
        self.column_desk.close()
        self.label_desk.close()
        self.family_desk.close()
        self.facet_columns.close()
        self.store.close()
        gc.unfreeze()

    def ready(self) -> tuple[bool, str]:
        """Whether the default model and its own index can be used, and if not, why."""
        slug = self.residents.default
        loaded, status = self.residents.state(slug)
        if not loaded:
            return False, f"{slug}: {status}"
        if self.indexes.own_job(slug) is not None and self.indexes.find(slug) is None:
            return False, self.indexes.status.get(slug, f"The corpus of {slug} is about to be indexed.")
        return True, "ready"

    @property
    def default_model(self) -> str:
        """The slug of the model that pages show when none is named."""
        return self.residents.default

    def card(self, slug: str) -> CardPage:
        """The card of a known model."""
        return Card.of(self.residents.entry(slug)).page()

    def card_picture(self, slug: str, path: str) -> tuple[bytes, str]:
        """A picture of a model's card and its media type."""
        return Card.of(self.residents.entry(slug)).picture(path)

    def card_url(self, slug: str) -> str | None:
        """The address of a model's card; None for a model that has none or that is not known any more."""
        with suppress(NotFound):
            return urls.card(slug) if Card.find(self.residents.entry(slug)) else None
        return None

    def unit_page(
        self,
        slug: str,
        layer: str,
        unit: int,
        *,
        corpus: str | None = None,
        facet: str | None = None,
        view: View = "picture",
        draw: int = 1,
        browser: str | None = None,
    ) -> UnitPage:
        """One unit, as the browser of that anonymous id sees it."""
        page = self.browser.unit_page(
            slug, layer, unit, corpus=corpus, facet=facet, view=view, draw=draw, browser=browser
        )
        people = {
            "labellings": self.labelling_desk.links(slug, layer, unit, browser),
            "notes": self.note_desk.section(slug, layer, unit, browser),
            "lists": self.list_desk.of_unit(slug, layer, unit, browser),
        }
        return page.model_copy(update=people)

    def random_unit(
        self, slug: str | None = None, layer: str | None = None, *, corpus: str | None = None, facet: str | None = None
    ) -> str:
        """The address of a unit drawn by chance: of a layer, or of the default layer. Raises `NotFound`."""
        slug = slug or self.residents.default
        found = self.browser.layer(slug, layer or self.residents.clip(slug).default_layer)
        unit = secrets.randbelow(found.channels)
        return urls.with_query(urls.unit(slug, found.name, unit), corpus=corpus, facet=facet)

    def given_address(
        self, slug: str, layer: str, unit: int, *, facet: str | None = None, corpus: str | None = None
    ) -> str:
        """The address of a unit's activation given a facet. Raises `NotFound` for a unit that there is not."""
        self.browser.unit(slug, layer, unit)
        return urls.given(slug, layer, unit, facet=facet, corpus=corpus)

    def facet(self, facet_id: str) -> FacetPage:
        """One facet with the renders made with it."""
        page = facet_answers.page(self.store.facet(facet_id))
        rows = self.store.renders(facet=facet_id)
        return page.model_copy(update={"renders": [link(row) for row in rows]})

    async def add_facet(
        self,
        name: str,
        model: str,
        files: Sequence[tuple[str, bytes]],
        corpus: str | None = None,
        *,
        spatial: bool = False,
    ) -> tuple[str, bool]:
        """Take in a facet's pictures and queue its training; returns its id and whether it is new."""
        self.facet_desk.admit()
        facet_id, created = await asyncio.to_thread(
            self.facet_desk.take_in, name, model, files, corpus=corpus, spatial=spatial
        )
        await asyncio.to_thread(self.facet_desk.queue, facet_id)
        return facet_id, created

    async def start_render(self, spec: RenderSpec, admit: Admit = freely) -> tuple[str, bool]:
        """Queue a render, or find the one of the same spec; returns its id and whether it is new. An idle device is given
        a moment, so that the render's page comes with the first frame in it."""
        render_id, created = await asyncio.to_thread(self.render_desk.start, spec, admit)
        job = self.worker.find(render_id)
        if job is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_FRAME_WAIT_S):
                    async for _ in job.watch():
                        if await asyncio.to_thread(self.store.files.frames, render_id):
                            break
        return render_id, created

    async def take_in(self, name: str, data: bytes) -> str:
        """Keep an uploaded picture for renders to start from; returns its id."""
        return await asyncio.to_thread(self.render_desk.take_in, PurePath(name).name, data)

    async def start_seeds(self, render_id: str, admit: Admit = freely) -> None:
        """Start a render again from other seeds."""
        await asyncio.to_thread(self.render_desk.start_seeds, render_id, admit)

    async def cancel_render(self, render_id: str) -> None:
        """Stop a render before its next step, and wait a moment until it has."""
        job = await asyncio.to_thread(self.render_desk.cancel, render_id)
        if job is not None and self.store.render(render_id).status == "running":
            await until_over(job, CANCEL_WAIT_S)

    async def start_facet_table(self, spec: TableSpec, admit: Admit = freely) -> str:
        """Start what is missing of a facet table; returns its address."""
        await asyncio.to_thread(self.table_desk.start, spec, admit)
        return facet_table.address(spec)

    def pin_render(self, render_id: str, *, pinned: bool) -> None:
        """Keep a render's pictures when others are cleared for room, or no longer. Raises `NotFound`."""
        self.store.keeping.pin(self.store.render(render_id).id, pinned=pinned)

    def finding(self, finding_id: str, view: FindingView | None = None) -> Finding:
        """What an instrument found."""
        return self.finding_desk.page(finding_id, view or FindingView())

    async def finding_fields(self, values: dict[str, Any], files: Files) -> dict[str, Any]:
        """The fields of a form as those of a finding's spec: what was pasted or uploaded is kept, and its id takes its
        place, in `values` too. Without a layer it is about the model's last."""
        values.setdefault("model", self.default_model)
        form = {"words": self.top_words, **self.lab_desk.benches}.get(str(values.get("kind", "")))
        fields = dict(values if form is None else await asyncio.to_thread(form.take_in, values, files))
        if not fields.get("layer"):
            fields["layer"] = self.residents.clip(str(fields["model"])).default_layer
        return fields

    def _titles(self, slug: str, layer: str) -> Titles | None:
        """What the units of a layer are called; None for a model that is not served."""
        if slug not in self.residents.slugs:
            return None
        return self.naming.titles(slug, layer, self.browser.index(slug, layer))

    def _cards(self, slug: str, layer: str, units: Sequence[int]) -> list[UnitCard]:
        """Units as cards; without a name or a picture for a model that is not served."""
        if slug not in self.residents.slugs:
            bare = {"label": "", "thumbnail": None, "rendered": False, "examples": []}
            return [UnitCard(unit=unit, url=urls.unit(slug, layer, unit), **bare) for unit in units]
        return self.browser.cards(slug, layer, units, self.browser.index(slug, layer))

    def _label(self, slug: str, layer: str, unit: int | None) -> str:
        return self.browser.label(slug, layer, unit)

    async def start_finding(self, spec: FindingSpec, admit: Admit = freely) -> tuple[str, bool]:
        """Queue a finding, or find the one of the same spec; returns its id and whether it is new."""
        return await asyncio.to_thread(self.finding_desk.start, spec, admit)

    async def cancel_finding(self, finding_id: str) -> None:
        """Stop a finding before its next step, and wait a moment until it has."""
        job = await asyncio.to_thread(self.finding_desk.cancel, finding_id)
        if job is not None and self.store.findings.get(finding_id).status == "running":
            await until_over(job, CANCEL_WAIT_S)

    def renders(self, before: str | None = None) -> Renders:
        """The latest renders."""
        rows = self.store.renders(before=before, limit=PAGE)
        more = urls.with_query("/renders", before=rows[-1].id) if len(rows) == PAGE else None
        return Renders(renders=[link(row) for row in rows], next=more)

    async def add_look(self, name: str, model: str, data: bytes) -> str:
        """Look at an uploaded picture; returns the look's id."""
        picture = await asyncio.to_thread(self.look_desk.decode, name, data)
        return await self.look_desk.add(PurePath(name).name, model, picture)

    async def corpus_page(
        self, corpus: str, index: int, box: Box | None = None, on: tuple[str, int] | None = None
    ) -> CorpusImagePage:
        """One corpus picture with what is recorded about it and the units that it and a part of it drive, and what the
        unit `on` does on it."""
        found = await self.heat_desk.unit_on(corpus, index, *on) if on else None
        page = await self.look_desk.corpus_page(corpus, index, box)
        if found is None:
            return page
        named = f"{found.layer}/{found.unit}"
        kept = {end: urls.with_query(url, unit=named) for end in ("previous", "next") if (url := getattr(page, end))}
        return page.model_copy(update={**kept, "on": found})

    def corpus_image(self, corpus: str, index: int) -> bytes:
        """A corpus picture as the model sees it, WebP."""
        return _corpus_image(self.indexes.picture_of(corpus, index), index)

    def gallery_picture(self, slug: str, layer: str, unit: int, facet: str = PLAIN) -> bytes:
        """The gallery render of a unit, WebP."""
        self.browser.layer(slug, layer)
        if facet != PLAIN:
            facet = self.facet_desk.resolve(slug, facet)
        return self.gallery.picture(slug, layer, unit, facet)

    def status(self) -> StatusPage:
        """How the server stands."""
        return self.standing.page(*self.ready(), self.metrics)


@kept(PICTURES)
def _corpus_image(index: Index, number: int) -> bytes:
    """The one thing that a crowd asks for most."""
    return images.encode_webp(index.image(number))
