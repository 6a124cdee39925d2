"""The device thread: short calls overtake, the queue is bounded, watchers see the newest state and always the last."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.job import Job
from app.worker import Full, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(queue_size=2)
    worker.start()
    yield worker
    worker.close()


def endless(job: Job) -> Iterator[int]:
    step = 0
    while not job.cancelled:
        step += 1
        job.announce()
        yield step
        time.sleep(0.001)


def test_a_short_call_overtakes_a_running_job(worker: Worker) -> None:
    job = worker.submit(Job("long", endless))
    assert worker.post(lambda: threading.current_thread().name).result(5) == "device"
    assert not job.finished
    job.cancel()
    assert job.wait(5)


def test_an_error_in_a_call_reaches_the_caller_and_the_thread_lives(worker: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        worker.post(lambda: 1 // 0).result(5)
    assert worker.post(lambda: 7).result(5) == 7


def test_cancel_stops_within_one_step(worker: Worker) -> None:
    steps: list[int] = []
    entered, go_on = threading.Event(), threading.Event()

    def stepping(job: Job) -> Iterator[int]:
        while not job.cancelled:
            steps.append(len(steps))
            entered.set()
            go_on.wait(5)
            yield len(steps)

    job = worker.submit(Job("stepping", stepping))
    assert entered.wait(5)
    job.cancel()
    go_on.set()
    assert job.wait(5)
    assert len(steps) == 1


def test_the_queue_is_bounded_and_a_key_is_queued_once(worker: Worker) -> None:
    running = worker.submit(Job("running", endless))
    while worker.depth:
        time.sleep(0.001)
    second = worker.submit(Job("second", endless))
    assert worker.submit(Job("second", endless)) is second
    third = worker.submit(Job("third", endless))
    with pytest.raises(Full):
        worker.submit(Job("fourth", endless))
    assert (worker.ahead("running"), worker.ahead("second"), worker.ahead("third")) == (0, 1, 2)
    for job in (running, second, third):
        job.cancel()
        assert job.wait(5)


def test_a_slow_watcher_skips_states_and_still_gets_the_last(worker: Worker) -> None:
    def counted(job: Job) -> Iterator[int]:
        for step in range(50):
            job.announce()
            yield step
            time.sleep(0.001)

    async def read(job: Job) -> list[int]:
        seen = []
        async for version in job.watch():
            seen.append(version)
            await asyncio.sleep(0.02)
        return seen

    job = worker.submit(Job("counted", counted))
    seen = asyncio.run(read(job))
    assert seen[-1] == 51  # fifty announcements and the end
    assert len(seen) < 40
    assert seen == sorted(set(seen))


def test_a_late_watcher_gets_the_final_state_at_once(worker: Worker) -> None:
    job = worker.submit(Job("short", lambda job: iter(())))
    assert job.wait(5)

    async def read() -> list[int]:
        return [version async for version in job.watch(seen=job.version)]

    assert asyncio.run(asyncio.wait_for(read(), 2)) == [1]


def test_closing_interrupts_a_job_between_two_steps() -> None:
    worker = Worker()
    worker.start()
    job = worker.submit(Job("long", endless))
    while not job.version:
        time.sleep(0.001)
    worker.close()
    assert job.finished and not job.cancelled


def test_a_failing_job_ends_and_the_next_one_runs(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    def failing(job: Job) -> Iterator[int]:
        yield 1
        raise RuntimeError(f"deliberate, at version {job.version}")

    assert worker.submit(Job("failing", failing)).wait(5)
    assert "failing" in caplog.text
    assert worker.submit(Job("next", lambda job: iter(()))).wait(5)


@dataclass(frozen=True)
class Doubled:
    """Asks for a number to be doubled."""

    number: int
    kind: str = "even"
    sizes: list[int] = field(default_factory=list)

    def together(self, requests: "Sequence[Doubled]") -> list[int]:
        self.sizes.append(len(requests))
        if any(each.number < 0 for each in requests):
            raise ValueError("below zero")
        return [2 * each.number for each in requests]


def asking(answers: dict[str, list[object]], request: Callable[[int], Doubled], times: int) -> Callable[[Job], Any]:
    def steps(job: Job) -> Generator[Doubled, int, None]:
        for turn in range(times):
            try:
                answers.setdefault(job.key, []).append((yield request(turn)))
            except ValueError as error:
                answers.setdefault(job.key, []).append(str(error))

    return steps


def all_at_once(worker: Worker, jobs: list[Job]) -> None:
    """Start jobs while the thread is busy, so that they begin in the same round."""
    hold = threading.Event()
    held = worker.post(hold.wait, 5)
    for job in jobs:
        worker.submit(job, force=True)
    hold.set()
    assert held.result(5) and all(job.wait(5) for job in jobs)


def test_what_sharing_jobs_ask_for_is_done_together_by_kind(worker: Worker) -> None:
    sizes: dict[str, list[int]] = {"even": [], "odd": []}
    answers: dict[str, list[object]] = {}

    def of(start: int) -> Callable[[int], Doubled]:
        kind = "odd" if start % 2 else "even"
        return lambda turn: Doubled(start + 10 * turn, kind, sizes[kind])

    all_at_once(worker, [Job(str(n), asking(answers, of(n), 3), shares=True) for n in range(5)])
    assert answers == {str(n): [2 * n, 2 * (n + 10), 2 * (n + 20)] for n in range(5)}
    assert sizes == {"even": [3, 3, 3], "odd": [2, 2, 2]}


def test_a_job_joins_at_any_step_and_leaves_when_done(worker: Worker) -> None:
    sizes: list[int] = []
    answers: dict[str, list[object]] = {}
    late = Job("late", asking(answers, lambda turn: Doubled(turn, sizes=sizes), 2), shares=True)

    def first(job: Job) -> Generator[Doubled, int, None]:
        for turn in range(6):
            if turn == 2:
                worker.submit(late)
            answers.setdefault(job.key, []).append((yield Doubled(turn, sizes=sizes)))

    all_at_once(worker, [Job("first", first, shares=True)])
    assert late.wait(5)
    assert answers == {"first": [0, 2, 4, 6, 8, 10], "late": [0, 2]}
    assert sorted(sizes) == [1, 1, 1, 1, 2, 2]


def test_an_error_in_shared_work_reaches_every_job_that_asked(worker: Worker) -> None:
    answers: dict[str, list[object]] = {}
    jobs = [Job(str(n), asking(answers, lambda turn, n=n: Doubled(n if turn else -n), 2), shares=True) for n in (1, 2)]
    all_at_once(worker, jobs)
    assert answers == {"1": ["below zero", 2], "2": ["below zero", 4]}


def test_only_so_many_share_and_the_others_wait_in_order() -> None:
    worker = Worker(queue_size=1, width=2)
    worker.start()
    jobs = [worker.submit(Job(str(n), endless, shares=True), force=True) for n in range(5)]
    alone = worker.submit(Job("alone", endless), force=True)
    while worker.depth > 3:
        time.sleep(0.001)
    assert [worker.ahead(job.key) for job in [*jobs, alone]] == [0, 0, 1, 2, 3, 0]
    for job in [*jobs, alone]:
        job.cancel()
        assert job.wait(5)
    worker.close()


class DeviceLost(Exception):
    """An error after which nothing more works."""


def fatal(error: BaseException) -> bool:
    return isinstance(error, DeviceLost)


@dataclass(frozen=True)
class Losing:
    """Asks for what loses the device."""

    kind: str = "losing"

    def together(self, requests: "Sequence[Losing]") -> list[int]:
        raise DeviceLost


def in_a_call(worker: Worker) -> None:
    def lose() -> None:
        raise DeviceLost

    with pytest.raises(DeviceLost):
        worker.post(lose).result(5)


def in_a_step(worker: Worker) -> None:
    def steps(job: Job) -> Iterator[int]:
        yield job.version
        raise DeviceLost

    worker.submit(Job("losing", steps), force=True)


def in_shared_work(worker: Worker) -> None:
    def steps(job: Job) -> Generator[Losing, int, None]:
        yield Losing()
        pytest.fail(f"{job.key} heard of it")

    worker.submit(Job("losing", steps, shares=True), force=True)


@pytest.mark.parametrize("lose", [in_a_call, in_a_step, in_shared_work])
def test_a_fatal_error_breaks_the_worker_and_interrupts_what_runs(lose: Callable[[Worker], None]) -> None:
    worker = Worker(fatal=fatal)
    worker.start()
    ended: list[str] = []

    def steps(job: Job) -> Iterator[int]:
        try:
            yield from endless(job)
            ended.append("finished")
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    running = worker.submit(Job("running", steps, shares=True))
    while not running.version:
        time.sleep(0.001)
    lose(worker)
    assert running.wait(5)
    assert ended == ["GeneratorExit"] and not running.cancelled
    assert isinstance(worker.broken, DeviceLost) and worker.closing
    assert worker.post(lambda: 7).cancelled()
    worker.close()


def test_other_errors_do_not_break_the_worker(worker: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        worker.post(lambda: 1 // 0).result(5)
    assert worker.broken is None and worker.post(lambda: 7).result(5) == 7


def test_what_nobody_waits_for_takes_no_place_in_the_queue_and_is_not_wanted() -> None:
    worker = Worker(queue_size=1)
    for name in ("columns", "labels"):
        worker.submit(Job(name, endless, background=True))
    assert (worker.depth, worker.wanted) == (0, False)
    worker.submit(Job("facet", endless))
    assert (worker.depth, worker.wanted) == (1, True)
    with pytest.raises(Full):
        worker.submit(Job("another", endless))
    worker.submit(Job("facets", endless, background=True))
    worker.close()
