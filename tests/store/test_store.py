"""The store on real databases of both kinds, and real files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.errors import NotFound
from app.spec import RenderSpec
from app.store import FacetRow, LabelVoteRow, Store, UnitLabelRow
from app.store.database import connect
from app.store.files import Files
from app.store.labels import Votes
from app.store.migrate import migrate
from app.store.tables import Base


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    store = Store(tmp_path, database_url)
    yield store
    store.close()


def a_spec(unit: int = 3, **changes: object) -> RenderSpec:
    return RenderSpec.model_validate({"model": "iconclip", "layer": "layer4.1", "unit": unit, **changes})


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = connect(database_url)
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_opening_twice_keeps_what_was_there(store: Store, tmp_path: Path, database_url: str) -> None:
    store.add_render(a_spec())
    again = Store(tmp_path, database_url)
    assert RenderSpec.parse(again.render(a_spec().id).spec) == a_spec()
    again.close()


def test_the_same_spec_is_one_render(store: Store) -> None:
    assert store.add_render(a_spec()) is True
    assert store.add_render(a_spec()) is False
    assert len(store.renders()) == 1


def test_a_failed_render_is_queued_again_and_a_finished_one_is_not(store: Store) -> None:
    store.add_render(a_spec())
    store.change_render(a_spec().id, status="failed", error="out of memory", step=12)
    assert store.add_render(a_spec()) is False
    row = store.render(a_spec().id)
    assert (row.status, row.error, row.step) == ("queued", None, 0)
    store.change_render(a_spec().id, status="done")
    store.add_render(a_spec())
    assert store.render(a_spec().id).status == "done"


def test_unfinished_work_is_found_in_the_order_it_came(store: Store) -> None:
    for unit in range(4):
        store.add_render(a_spec(unit))
    store.change_render(a_spec(0).id, status="done")
    store.change_render(a_spec(1).id, status="running")
    assert [row.unit for row in store.unfinished_renders()] == [1, 2, 3]


def test_lists_are_filtered_and_paged_newest_first(store: Store) -> None:
    for unit in range(5):
        store.add_render(a_spec(unit))
    first = store.renders(limit=2)
    rest = store.renders(before=first[-1].id)
    assert [row.unit for row in [*first, *rest]] == [4, 3, 2, 1, 0]
    assert [row.unit for row in store.renders(model="iconclip", layer="layer4.1", unit=2)] == [2]
    assert store.renders(model="another") == []


def test_a_facet_keeps_its_images_in_order_and_is_added_once(store: Store) -> None:
    images = [(f"{i:016x}", f"{i}.png") for i in (3, 1, 2)]
    assert store.add_facet(FacetRow(id="f1", name="maps", model="iconclip"), images)
    assert not store.add_facet(FacetRow(id="f1", name="maps", model="iconclip"), images)
    assert [(image.blob, image.name) for image in store.facet("f1").images] == images
    store.change_facet("f1", status="ready", warnings=["few images"])
    assert (store.facet("f1").status, store.facet("f1").warnings) == ("ready", ["few images"])


def test_what_is_missing_is_said_in_words(store: Store) -> None:
    with pytest.raises(NotFound, match="no render 0123"):
        store.render("0123")
    with pytest.raises(NotFound, match="no stored picture ffff"):
        store.files.blob("ffff")


def test_frames_are_listed_by_step_not_by_name(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for step in (128, 16, 4):
        files.put_frame("r", step, b"webp")
    files.put_picture("r", b"png")
    assert files.frames("r") == [4, 16, 128]
    files.drop_frames("r")
    assert files.frames("r") == [] and files.picture("r") == b"png"


def test_a_facets_renders_are_all_in_which_it_has_a_part(store: Store) -> None:
    alone, mixed, without = a_spec(facet="aa"), a_spec(facet="bb", mix={"aa": 0.5}), a_spec(facet="aab")
    for spec in (alone, mixed, without):
        store.add_render(spec)
    assert {row.id for row in store.renders(facet="aa")} == {alone.id, mixed.id}


def a_label(said: str, browser: str, unit: int = 3) -> UnitLabelRow:
    place = {"model": "iconclip", "layer": "layer4.1", "unit": unit}
    return UnitLabelRow(**place, browser=browser, text=said, accepted=False)


def a_vote(word: str, browser: str, *, up: bool) -> LabelVoteRow:
    return LabelVoteRow(model="iconclip", layer="layer4.1", unit=3, word=word, browser=browser, up=up)


def test_a_browser_has_one_label_a_unit_and_takes_back_its_own_only(store: Store) -> None:
    for said, browser in (("apple", "a"), ("fruit", "b"), ("orchard", "a")):
        store.labels.put(a_label(said, browser))
    store.labels.put(a_label("other", "a", unit=4))
    assert {row.text for row in store.labels.of_layer("iconclip", "layer4.1", 3)} == {"orchard", "fruit"}
    store.labels.remove("iconclip", "layer4.1", 3, "a")
    assert [row.text for row in store.labels.of_layer("iconclip", "layer4.1")] == ["fruit", "other"]


def test_a_browser_has_one_vote_and_votes_are_of_a_word(store: Store) -> None:
    for browser, up in (("a", True), ("b", True), ("c", False), ("a", False)):
        store.labels.vote(a_vote("apple", browser, up=up))
    store.labels.vote(a_vote("pear", "a", up=True))
    found = store.labels.votes("iconclip", "layer4.1")
    assert found == {(3, "apple"): Votes(1, 2), (3, "pear"): Votes(1, 0)}
    assert store.labels.voted("iconclip", "layer4.1", 3, "a") == {"apple": False, "pear": True}
    store.labels.unvote("iconclip", "layer4.1", 3, "apple", "a")
    assert store.labels.votes("iconclip", "layer4.1", 3) == {(3, "apple"): Votes(1, 1), (3, "pear"): Votes(1, 0)}
    assert store.labels.voted("iconclip", "layer4.1", 3, "a") == {"pear": True}
