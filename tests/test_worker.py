"""The device thread: short calls overtake, the queue is bounded, watchers see the newest state and always the last."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from app.worker import Full, Job, Worker


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
