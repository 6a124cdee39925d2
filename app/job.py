"""One long piece of work of the device thread, and how others watch it.

Watchers see the newest state, never a backlog: a slow reader skips, a late one gets the last.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Event]


@runtime_checkable
class Request(Protocol):
    """Work that a job wants done, perhaps together with the like of other jobs."""

    @property
    def kind(self) -> Hashable:
        """Requests of one kind may be done together."""

    def together(self, requests: Sequence[Any], /) -> Sequence[Any]:
        """Do requests of one kind, this one first; answers one result each."""
        ...


class Job:
    """One long piece of work with a key, a version that grows with every state, and a cancel flag.

    Args:
        key: What the job belongs to; one job per key waits or runs at a time.
        steps: Called on the device thread; yields at every point where the job may be interrupted, or where it wants
            a request answered.
        shares: Whether it runs beside others.
        background: Whether nobody waits for it: it takes no place in the queue and lets others go first.
    """

    def __init__(
        self,
        key: str,
        steps: "Callable[[Job], Iterator[object]]",
        *,
        shares: bool = False,
        background: bool = False,
    ) -> None:
        self.key = key
        self.steps = steps
        self.shares = shares
        self.background = background
        self.version = 0
        self.finished = False
        self._cancelled = threading.Event()
        self._changed = threading.Condition()
        self._waiters: set[Waiter] = set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the job to stop: it ends before its next step."""
        self._cancelled.set()

    def announce(self) -> None:
        """Tell the watchers that there is a newer state; call after that state was stored."""
        self._advance(finished=False)

    def end(self) -> None:
        """Tell the watchers that there will be no newer state."""
        self._advance(finished=True)

    def _advance(self, *, finished: bool) -> None:
        with self._changed:
            self.version += 1
            self.finished = self.finished or finished
            waiters = list(self._waiters)
            self._changed.notify_all()
        for loop, event in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def tell(self, waiter: Waiter) -> None:
        """Set the waiter's event at every newer state, from now on."""
        with self._changed:
            self._waiters.add(waiter)

    def forget(self, waiter: Waiter) -> None:
        """No longer do so."""
        with self._changed:
            self._waiters.discard(waiter)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the job has ended (for the command line and tests); returns whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self.finished, timeout_s)

    def watch(self, seen: int = -1) -> AsyncIterator[int]:
        """Yield the newest version above `seen`, skipping what a slow reader missed, and end after the last one."""
        return watch([self], seen)


async def watch(jobs: Sequence[Job], seen: int = -1) -> AsyncIterator[int]:
    """Yield whenever any of the jobs has a newer state, the sum of their versions, and end when all have ended."""
    waiter = (asyncio.get_running_loop(), asyncio.Event())
    for job in jobs:
        job.tell(waiter)
    try:
        while True:
            waiter[1].clear()
            version, finished = _state(jobs)  # read once: both may change while the reader is busy
            if version > seen or finished:
                seen = version
                yield version
            if finished:
                return
            if _state(jobs) == (seen, False):
                await waiter[1].wait()
    finally:
        for job in jobs:
            job.forget(waiter)


def _state(jobs: Sequence[Job]) -> tuple[int, bool]:
    """Finished is read first: a version that was read before it could miss the last state."""
    finished = all(job.finished for job in jobs)
    return sum(job.version for job in jobs), finished
