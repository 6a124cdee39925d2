"""Long work on an index on the device thread, behind whatever a person waits for, and what can be said of it."""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from app.errors import FacetscopeError
from app.job import Job
from app.microscope.room import reason
from app.render.faults import is_fault
from app.worker import Worker

log = logging.getLogger(__name__)
Steps = Generator[tuple[int, int]]
"""How much was done and how much there is; 0 of 0 where that is not known."""


@dataclass
class Background:
    """Passes over indexes, at most one for each. A pass that has made way for another job goes on where it was.

    Args:
        kind: Sets the jobs' keys apart: there is one job a kind and index.
        begin: From a model and an index, by name, to the steps of a pass.
        failed: From an index to the sentence that says that its pass failed; a reason follows.
        going: From an index, what is done and what there is to the sentence that says so.
        after: Called with an index's name when its pass has ended or failed.
        beside: Whether it goes on beside running jobs that share the device; otherwise it waits for them to end.
    """

    worker: Worker
    kind: str
    begin: Callable[[str, str], Steps]
    failed: Callable[[str], str]
    going: Callable[[str, int, int], str]
    after: Callable[[str], None] = lambda name: None
    beside: bool = True
    _said: dict[str, str] = field(default_factory=dict)
    _passes: dict[str, Steps] = field(default_factory=dict)

    def said(self, name: str) -> str | None:
        """How far an index's pass is or why it failed; None where none was begun, or it has ended well."""
        return self._said.get(name)

    def waits(self, name: str) -> bool:
        """Whether a pass over an index is queued or under way."""
        return self.worker.find(self._key(name)) is not None

    def submit(self, slug: str, name: str) -> None:
        """Queue a pass over an index of a model, or what is left of it. May be called from any thread."""
        self.worker.submit(Job(self._key(name), lambda job: self._run(slug, name, job), background=True))

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        for steps in self._passes.values():
            with suppress(ValueError):  # the thread is still in it, and ends with the process
                steps.close()

    def _key(self, name: str) -> str:
        return f"{self.kind}:{name}"

    def _run(self, slug: str, name: str, job: Job) -> Iterator[None]:
        try:
            if name not in self._passes:
                self._passes[name] = self.begin(slug, name)
            for done, total in self._passes[name]:
                if total:
                    self._said[name] = self.going(name, done, total)
                job.announce()
                if self.worker.wanted:
                    self.worker.post(self.submit, slug, name)  # runs when this job has ended
                    return
                yield
                while not self.beside and self.worker.sharing and not self.worker.wanted:
                    yield
            self._said.pop(name, None)
        except FacetscopeError as error:
            self._said[name] = f"{self.failed(name)}: {error.detail}"
        except Exception as error:
            if is_fault(error):
                raise  # the next start does it again
            log.exception("%s of %s failed", self.kind, name)
            why = reason(error, "the server's log says why.")
            self._said[name] = f"{self.failed(name)}: {why}"
        self._passes.pop(name, None)
        self.after(name)
