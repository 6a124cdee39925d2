"""The database is away or locked for a while: requests are told so, what works in the background waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.errors import Away, BadInput, NotReady
from app.spec import RenderSpec
from app.store import Store, be_patient, database
from app.worker import Interrupted
from tests.databases import locked, stopped

Outage = Callable[[], AbstractContextManager[None]]
SPEC = RenderSpec.model_validate({"model": "iconclip", "layer": "layer4.1", "unit": 3})


@pytest.fixture
def away(database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Outage:
    """A context in which the database is away."""
    monkeypatch.setattr(database, "WAIT_S", 0.2)
    if database_url.startswith("sqlite"):
        return lambda: locked(database_url)
    server = request.getfixturevalue("postgres")
    return lambda: stopped(server)


@pytest.fixture
def store(away: object, database_url: str, tmp_path: Path) -> Iterator[Store]:  # noqa: ARG001 - the wait is set by then
    store = Store(tmp_path, database_url)
    yield store
    store.close()


def test_a_write_is_refused_in_words_and_the_next_one_goes_on(store: Store, away: Outage) -> None:
    store.add_render(SPEC)
    with away(), pytest.raises(Away, match="Try again"):
        store.change_render(SPEC.id, step=5)
    store.change_render(SPEC.id, step=6)
    assert store.render(SPEC.id).step == 6


def test_an_outage_that_nobody_saw_is_over_for_everybody(store: Store, away: Outage) -> None:
    store.add_render(SPEC)
    with away():
        pass
    assert store.render(SPEC.id).status == "queued"


def test_a_patient_thread_waits_and_its_write_is_kept(store: Store, away: Outage) -> None:
    store.add_render(SPEC)
    waited, failed = threading.Event(), []

    def work() -> None:
        be_patient(lambda _: waited.set())
        try:
            store.change_render(SPEC.id, status="done")
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    with away():
        thread.start()
        assert waited.wait(10)
    thread.join(10)
    assert not failed and store.render(SPEC.id).status == "done"


def test_patience_ends_when_what_is_done_meanwhile_says_so(store: Store, away: Outage) -> None:
    store.add_render(SPEC)
    raised = []

    def stop(_waited_s: float) -> None:
        raise Interrupted

    def work() -> None:
        be_patient(stop)
        try:
            store.change_render(SPEC.id, status="done")
        except Interrupted as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    with away():
        thread.start()
        thread.join(10)
    assert raised and store.render(SPEC.id).status == "queued"


def test_many_that_ask_for_the_same_render_at_once_make_one(database_url: str, tmp_path: Path) -> None:
    store = Store(tmp_path, database_url)
    new: list[bool] = []
    ready = threading.Barrier(8)

    def ask() -> None:
        ready.wait()
        new.append(store.add_render(SPEC))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 7 + [True]
    store.close()


def test_names_that_are_too_long_are_clipped_and_what_cannot_be_asked_for_is_said(
    database_url: str, tmp_path: Path
) -> None:
    store = Store(tmp_path, database_url)
    store.add_render(SPEC)
    store.change_render(SPEC.id, error="x" * 3000)
    assert store.render(SPEC.id).error == "x" * 2000
    if database_url.startswith("postgresql"):
        with pytest.raises(BadInput, match="cannot keep"):
            store.renders(layer="a\0b")
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://facetscope:hidden@127.0.0.1:1/none", "postgresql.*127.0.0.1.*cannot be used"),
        ("sqlite:////nowhere/at/all.sqlite3", "unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_sentence_without_its_password(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(NotReady, match=said) as raised:
        Store(tmp_path, url)
    assert "hidden" not in raised.value.detail


def test_an_address_that_is_none_is_bad_input(tmp_path: Path) -> None:
    for url in ("nonsense", "nosuch://there/"):
        with pytest.raises(BadInput, match="database_url"):
            Store(tmp_path, url)
