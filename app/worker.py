"""The one thread that owns the device: long jobs advance step by step, short calls overtake between two steps.

Module hooks are process state and `torch.no_grad` is thread-local, so one thread runs all of torch. A job is a
generator; between two of its steps the thread runs every pending short call. A step may yield a request instead of doing
its work: what several jobs request of one kind is done at once, and each is sent its answer.

An error after which the device cannot be used any more breaks the worker: it stops as at a shutdown, and what ran is
left as it is stored. Which errors those are it is told, for it knows nothing of devices.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from app.job import Job, Request

P = ParamSpec("P")
T = TypeVar("T")

Fatal = Callable[[BaseException], bool]

log = logging.getLogger(__name__)


def unwatched(_seconds: float) -> None:
    """Nobody wants to know how long a step took."""


def nothing(_error: BaseException) -> bool:
    """No error breaks the worker."""
    return False


class Full(Exception):
    """The bounded queue has no place left."""


class Interrupted(Exception):
    """The process is about to end; what was under way is to be done again after the restart."""


@dataclass(eq=False)
class _Running:
    """A job that was started: what it asked for last, and what to tell it about that."""

    job: Job
    steps: Generator[object, Any, None]
    request: Request | None = None
    answer: Any = None
    error: Exception | None = None

    @classmethod
    def of(cls, job: Job) -> "_Running":
        def steps() -> Generator[object, Any, None]:
            yield from job.steps(job)

        return cls(job, steps())

    def advance(self, fatal: "Fatal") -> bool:
        """Go on to the next request; False when the job has ended, for whatever reason. Raises what is fatal."""
        answer, error, self.answer, self.error = self.answer, self.error, None, None
        try:
            said = self.steps.send(answer) if error is None else self.steps.throw(error)
        except (StopIteration, Interrupted):
            return False
        except Exception as fault:
            if fatal(fault):
                raise
            log.exception("job %s failed without saying why", self.job.key)
            return False
        self.request = said if isinstance(said, Request) else None
        return True

    def end(self) -> None:
        self.steps.close()
        self.job.end()


class Worker:
    """A thread, a bounded queue of jobs and an unbounded lane of short calls that overtake them.

    Jobs that share advance side by side, up to `width` of them, and beside at most one that does not; those wait for
    each other, in order. `fatal` tells the errors that break it; `stepped` is told how many seconds a step of all that
    runs took.
    """

    def __init__(
        self,
        queue_size: int = 16,
        width: int = 16,
        fatal: Fatal = nothing,
        stepped: Callable[[float], None] = unwatched,
    ) -> None:
        self.queue_size = queue_size
        self.width = width
        self.broken: BaseException | None = None
        self._fatal = fatal
        self._stepped = stepped
        self._wake = threading.Condition()
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._waiting: deque[Job] = deque()
        self._running: list[_Running] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop before the next step; jobs that wait or run are left as they are stored, to be resumed."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        for future, _ in self._calls:
            future.cancel()

    @property
    def closing(self) -> bool:
        """Whether the worker is shutting down: a job that stops now was interrupted, not cancelled."""
        return self._closing

    def post(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run a short function on the device thread, ahead of every job."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                future.cancel()
                return future
            self._calls.append((future, lambda: function(*args, **kwargs)))
            self._wake.notify_all()
        return future

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await a short function run on the device thread."""
        return await asyncio.wrap_future(self.post(function, *args, **kwargs))

    def breathe(self) -> None:
        """Let short calls through in the middle of one long step; call on the device thread.

        Raises:
            Interrupted: The worker is closing: the step should end, to be done again after a restart.
        """
        if threading.current_thread() is self._thread:
            self._drain_calls()
            if self._closing:
                raise Interrupted

    def submit(self, job: Job, *, force: bool = False) -> Job:
        """Queue a job, or return the one of the same key that already waits or runs.

        Args:
            job: The job.
            force: Queue it even if the queue is full (for what a restart resumes).

        Raises:
            Full: `queue_size` jobs wait already.
        """
        with self._wake:
            known = self._find(job.key)
            if known is not None:
                return known
            if self.depth >= self.queue_size and not (force or job.background):
                raise Full
            self._waiting.append(job)
            self._wake.notify_all()
        return job

    def find(self, key: str) -> Job | None:
        """The job of this key that waits or runs, if any."""
        with self._wake:
            return self._find(key)

    def ahead(self, key: str) -> int:
        """How many jobs the one of this key waits for; 0 when it runs or is unknown."""
        with self._wake:
            keys = [job.key for job in self._waiting]
            if key not in keys:
                return 0
            place = keys.index(key)
            job = self._waiting[place]
            before = [each for each in self._waiting if each.shares == job.shares].index(job)
            running = [each for each in self._running if each.job.shares == job.shares]
            return before + max(len(running) + 1 - (self.width if job.shares else 1), 0)

    @property
    def wanted(self) -> bool:
        """Whether a job that people want waits for the running one that does not share."""
        with self._wake:
            return any(not job.shares and not job.background for job in self._waiting)

    @property
    def sharing(self) -> bool:
        """Whether jobs that share are running: what nobody waits for may let them be alone."""
        with self._wake:
            return any(each.job.shares for each in self._running)

    @property
    def depth(self) -> int:
        """How many jobs wait that people want."""
        return sum(not job.background for job in self._waiting)

    @property
    def running(self) -> int:
        """How many jobs are under way."""
        return len(self._running)

    def _find(self, key: str) -> Job | None:
        candidates = [*(each.job for each in self._running), *self._waiting]
        return next((job for job in candidates if job.key == key and not job.cancelled), None)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._calls or self._waiting or self._running)
                if not self._closing and not self._calls:
                    self._start_waiting()
            self._drain_calls()
            if self._closing:
                for each in self._running:
                    each.end()
                return
            if not self._running:
                continue
            started = time.monotonic()
            try:
                self._round()
            except Exception as error:
                self.fail(error)
            self._stepped(time.monotonic() - started)

    def fail(self, error: BaseException, what: str = "the device failed") -> None:
        """Stop for good: nothing more is asked of the device, and every job is left as it is stored."""
        log.critical("%s; what runs is left for the next start", what, exc_info=error)
        with self._wake:
            self.broken = self.broken or error
            self._closing = True
            self._wake.notify_all()

    def _start_waiting(self) -> None:
        """Start what there is room for, in the order of the queue; call with the lock held."""
        for job in list(self._waiting):
            beside = [each for each in self._running if each.job.shares == job.shares]
            if len(beside) < (self.width if job.shares else 1):
                self._waiting.remove(job)
                self._running.append(_Running.of(job))

    def _round(self) -> None:
        """One step of every running job: what they ask for, those of a kind together."""
        asked: dict[Hashable, list[_Running]] = {}
        for each in list(self._running):
            self._drain_calls()
            if self._closing:
                return
            if not each.advance(self._fatal):
                each.end()
                with self._wake:
                    self._running.remove(each)
            elif each.request is not None:
                asked.setdefault(each.request.kind, []).append(each)
        for together in asked.values():
            self._drain_calls()
            if self._closing:
                return
            _answer(together, self._fatal)

    def _drain_calls(self) -> None:
        while self._calls:
            future, function = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
                if self._fatal(error):
                    self.fail(error)
                    return


def _answer(together: list[_Running], fatal: Fatal) -> None:
    """Do what jobs ask for; an error is theirs, unless it is fatal: that is raised, and none of them hears of it."""
    requests = [each.request for each in together if each.request is not None]
    try:
        answers = requests[0].together(requests)
    except Exception as error:
        if fatal(error):
            raise
        for each in together:
            each.error = error
        return
    for each, answer in zip(together, answers, strict=True):
        each.answer = answer
