"""What grows, as it grows: the newest state as often as there is one, and always the last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from app.answers.facets import FacetPage
from app.answers.findings import Finding
from app.answers.renders import FacetTable, RenderPage
from app.job import Job, watch
from app.microscope.facet_table import FacetTableDesk
from app.spec import TableSpec
from app.store import Store
from app.worker import Worker

RESUME_WAIT_S = 60.0
POLL_S = 0.25
UNFINISHED = ("queued", "running", "training")


class Watching:
    """Follows jobs for whoever looks. A state comes with its version; `seen` is the one that the reader has."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        tables: FacetTableDesk,
        *,
        render: Callable[[str], RenderPage],
        facet: Callable[[str], FacetPage],
        finding: Callable[[str], Finding],
    ) -> None:
        self.store = store
        self.worker = worker
        self.tables = tables
        self._render, self._facet, self._finding = render, facet, finding

    async def render(self, render_id: str, seen: int = -1) -> AsyncIterator[tuple[int, RenderPage]]:
        """A render."""
        async for version in self._versions(render_id, lambda: self.store.render(render_id).status, seen):
            yield version, await asyncio.to_thread(self._render, render_id)

    async def facet(self, facet_id: str, seen: int = -1) -> AsyncIterator[tuple[int, FacetPage]]:
        """A facet in training."""
        async for version in self._versions(f"facet:{facet_id}", lambda: self.store.facet(facet_id).status, seen):
            yield version, await asyncio.to_thread(self._facet, facet_id)

    async def finding(self, finding_id: str, seen: int = -1) -> AsyncIterator[tuple[int, Finding]]:
        """What an instrument finds."""
        async for version in self._versions(finding_id, lambda: self.store.findings.get(finding_id).status, seen):
            yield version, await asyncio.to_thread(self._finding, finding_id)

    async def facet_table(self, spec: TableSpec, seen: int = -1) -> AsyncIterator[tuple[int, FacetTable]]:
        """A facet table."""
        jobs, all_there = await asyncio.to_thread(self.tables.jobs, spec)
        patience_s = RESUME_WAIT_S
        while not all_there and patience_s > 0:
            await asyncio.sleep(POLL_S)  # just restarted: as for a single render
            jobs, all_there = await asyncio.to_thread(self.tables.jobs, spec)
            patience_s -= POLL_S
        async for version in watch(jobs, seen if seen <= sum(job.version for job in jobs) else -1):
            yield version, await asyncio.to_thread(self.tables.page, spec)

    async def _versions(self, key: str, status: Callable[[], str], seen: int) -> AsyncIterator[int]:
        """The versions of a job; of one that is over, one last version, so that every watcher gets the final state."""
        job, patience_s = self.worker.find(key), RESUME_WAIT_S
        while job is None and patience_s > 0 and await asyncio.to_thread(status) in UNFINISHED:
            await asyncio.sleep(POLL_S)  # just restarted: the job is queued again once its model is loaded
            job, patience_s = self.worker.find(key), patience_s - POLL_S
        if job is None:
            yield seen + 1
            return
        # a version from before a restart may be higher than any the new job has: then everything is news
        async for version in job.watch(seen if seen <= job.version else -1):
            yield version


async def until_over(job: Job, patience_s: float) -> None:
    """Wait until a job is over, for so long at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            async for _ in job.watch():
                pass
