"""Findings: what instruments other than renders find. A spec becomes an address, a job on the device thread, a result."""

import logging
import time
from collections.abc import Iterator, Mapping

from app.answers.findings import Finding, FindingView
from app.clip.clip import Clip
from app.errors import FacetscopeError, QueueFull
from app.job import Job
from app.microscope.admission import Admit, freely
from app.microscope.instruments import Found, Instrument, Step
from app.microscope.residents import Residents
from app.microscope.room import once_there_is_room, reason
from app.render.faults import is_fault
from app.spec import FINDINGS, FindingSpec
from app.store import FindingRow, Store
from app.worker import Full, Interrupted, Worker

log = logging.getLogger(__name__)

WEIGHTS = "weights_hash"  # of the model that found it, in every result


class FindingDesk:
    """Starts findings, resumes them after a restart, and cancels them. `instruments` are all there are, by the kind of
    what they find."""

    def __init__(
        self, store: Store, worker: Worker, residents: Residents, instruments: Mapping[str, Instrument]
    ) -> None:
        self.store = store
        self.worker = worker
        self.residents = residents
        self.instruments = instruments

    def start(self, spec: FindingSpec, admit: Admit = freely) -> tuple[str, bool]:
        """Keep and queue a finding; returns its id and whether it is new.

        Raises:
            Whatever `admit` raises, where there is work to do.
            NotFound: the model is not served, or has no such layer or unit.
            BadInput: the instrument cannot be used there.
            QueueFull: too many jobs wait.
        """
        instrument, clip = self.instruments[spec.kind], self.residents.clip(spec.model)
        instrument.check(clip, spec)
        row = self.store.findings.find(spec.id)
        outdated = row is not None and row.status == "done" and not (_by(clip, row.result) and instrument.remains(row))
        admit(1 if row is None or outdated or row.status in ("cancelled", "failed") else 0)
        created = self.store.findings.add(spec)
        if outdated:
            self.store.findings.requeue(spec.id, result={})
        if self.store.findings.get(spec.id).status == "queued":
            try:
                self._submit(spec)
            except Full as full:
                if created:
                    self.store.findings.remove(spec.id)
                else:
                    self.store.findings.change(spec.id, status="failed", error="The queue was full. Start it again.")
                raise QueueFull(
                    f"The queue is full: {self.worker.queue_size} jobs wait already. Try again in half a minute."
                ) from full
        return spec.id, created

    def resume(self) -> None:
        """Queue again what a restart found waiting or interrupted; the same spec finds the same."""
        for row in self.store.findings.unfinished():
            if row.model in self.residents.slugs:
                self._submit(parse(row), force=True)

    def cancel(self, finding_id: str) -> Job | None:
        """Ask a finding to stop before its next step; what was found by then stays."""
        row = self.store.findings.get(finding_id)
        job = self.worker.find(finding_id)
        if job is not None:
            job.cancel()
        if row.status == "queued":
            self.store.findings.change(finding_id, status="cancelled")
        return job

    def page(self, finding_id: str, view: FindingView) -> Finding:
        """What was found as an answer. Raises `NotFound`."""
        row = self.store.findings.get(finding_id)
        return self.instruments[row.kind].page(row, self.worker.ahead(row.id), view)

    def _submit(self, spec: FindingSpec, *, force: bool = False) -> None:
        self.worker.submit(Job(spec.id, lambda job: self._run(spec, job), shares=True), force=force)

    def _run(self, spec: FindingSpec, job: Job) -> Iterator[None]:
        if job.cancelled:
            return
        started = time.monotonic()
        try:
            clip, before = self.residents.clip(spec.model), self.store.findings.get(spec.id).result
            before = before if _by(clip, before) else {}
            self.store.findings.change(spec.id, status="running", step=0, error=None, result=before)
            job.announce()
            for step in self.instruments[spec.kind].steps(clip, spec, before):
                if step is not None:
                    self._keep(spec, step, clip, time.monotonic() - started)
                    job.announce()
                yield
                if job.cancelled:
                    self.store.findings.change(spec.id, status="cancelled", elapsed_s=time.monotonic() - started)
                    return
            self.store.findings.change(spec.id, status="done", progress="", elapsed_s=time.monotonic() - started)
        except Interrupted:
            return  # still "running" in the store: the next start resumes it
        except FacetscopeError as error:
            yield from self._fail(spec, error.detail)
        except Exception as error:
            if is_fault(error):
                raise  # still "running" in the store: the next start resumes it
            log.exception("finding %s failed", spec.id)
            yield from self._fail(spec, reason(error, "It failed: the server's log says why."))

    def _fail(self, spec: FindingSpec, said: str) -> Iterator[None]:
        return once_there_is_room(lambda: self.store.findings.change(spec.id, status="failed", error=said))

    def _keep(self, spec: FindingSpec, step: Step, clip: Clip, elapsed_s: float) -> None:
        said, done, steps, result = step
        found = {**result, WEIGHTS: clip.weights_hash} if result else {}
        changes = {"progress": said, "step": done, "steps": steps, "result": found}
        self.store.findings.change(spec.id, **changes, elapsed_s=elapsed_s)


def _by(clip: Clip, found: Found) -> bool:
    """Whether something was found with the weights that the model has now. What does not say so, as it is older than that
    record, is taken as it is."""
    return found.get(WEIGHTS, clip.weights_hash) == clip.weights_hash


def parse(row: FindingRow) -> FindingSpec:
    """The spec of a finding."""
    return FINDINGS[row.kind].model_validate_json(row.spec)
