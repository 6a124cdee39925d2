"""The application object, end to end on a tiny model: real store, real index, real training, real renders."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import BadInput, NotFound, NotReady, QueueFull
from app.facets import facet as facet_file
from app.job import Job
from app.microscope import Microscope
from app.settings import Settings
from app.spec import RenderSpec
from tests.microscope.conftest import wait_for
from tests.pictures import blobs, png, striped_files, write_tar
from tests.tiny import tiny_hub_folder

LAYER = "layer4.0"


def a_spec(unit: int = 3, **changes: Any) -> RenderSpec:
    return RenderSpec.model_validate(
        {"model": "small", "layer": LAYER, "unit": unit, "size": 32, "steps": 6, **changes}
    )


def start(microscope: Microscope, spec: RenderSpec) -> tuple[str, bool]:
    return asyncio.run(microscope.start_render(spec))


def test_a_model_folder_is_indexed_and_its_facets_trained_at_the_first_start(shared: Microscope) -> None:
    page = shared.unit_page("small", LAYER, 5)
    assert page.corpus == "small-corpus" and page.stats and page.stats.images == 120
    assert page.histogram and sum(page.histogram.counts) == 120
    strongest = [example.activation for example in page.examples]
    assert strongest == sorted(strongest, reverse=True) and strongest[0] == pytest.approx(page.stats.max)
    assert page.bottom[0].activation == pytest.approx(page.stats.min)
    facet = shared.facet(shared.facet_desk.cards().facets[0].id)
    assert facet.name == "stripes" and facet.shipped and facet.layers
    assert all(0 <= each.auc_low <= each.auc <= each.auc_high <= 1 for each in facet.layers)


def test_columns_are_made_in_the_background_and_kept(microscope: Microscope, settings: Settings) -> None:
    index = microscope.indexes.need("small")
    wait_for(lambda: microscope.column_desk.find(index) is not None)
    columns = microscope.column_desk.need(index)
    page = microscope.unit_page("small", LAYER, 5)
    assert page.stats and columns.unit(LAYER, 5).max() == pytest.approx(page.stats.max, rel=1e-6)
    assert set(columns.categories.columns) == {"caption", "concept", "kind", "family"}
    header = columns.folder / "columns.json"
    written = header.stat().st_mtime_ns
    microscope.close()
    again = Microscope(settings)
    assert again.column_desk.status(again.indexes.open("small-corpus")) == ""
    again.start()
    wait_for(lambda: again.ready()[0] and again.worker.find("resume") is None)
    assert again.worker.find("columns:small-corpus") is None and header.stat().st_mtime_ns == written
    again.close()


def test_while_columns_are_made_a_facet_goes_first(settings: Settings) -> None:
    microscope = Microscope(settings)
    microscope.start()
    wait_for(lambda: microscope.ready()[0])
    index = microscope.indexes.need("small")
    with pytest.raises(NotReady, match="every picture of small-corpus"):
        microscope.column_desk.need(index)
    idle = lambda: not any(microscope.worker.find(key) for key in ("resume", "columns:small-corpus"))  # noqa: E731
    wait_for(lambda: microscope.column_desk.find(index) is not None and idle())
    shutil.rmtree(index.folder / "columns")
    ended: list[str] = []

    def facet(_: Job) -> Iterator[None]:
        yield
        ended.append("there" if microscope.column_desk.find(index) else "not there")

    microscope.worker.post(microscope.column_desk.queue, "small")
    microscope.worker.submit(Job("facet", facet))
    wait_for(lambda: microscope.column_desk.find(index) is not None and bool(ended))
    assert ended == ["not there"] and microscope.column_desk.status(index) == ""
    microscope.close()


def test_a_direction_is_ranked_among_the_pictures_of_the_corpus(microscope: Microscope) -> None:
    index = microscope.indexes.need("small")
    wait_for(lambda: microscope.column_desk.find(index) is not None)
    columns = microscope.column_desk.need(index)
    spec = RenderSpec.model_validate(
        {"model": "small", "layer": LAYER, "direction": "5 + 0.5*9 - 2*17", "size": 32, "steps": 6}
    )
    for each in (
        spec,
        RenderSpec.model_validate({**spec.model_dump(), "of": "prompt", "prompt": "red", "direction": None}),
    ):
        render_id, _ = start(microscope, each)
        wait_for(lambda render_id=render_id: microscope.render_pages.page(render_id).status == "done")
        page = microscope.render_pages.page(render_id)
        assert page.activation is not None and page.activation_sd is not None and page.activation_percentile is not None
        if each.direction:
            record = sum(weight * columns.unit(LAYER, unit) for unit, weight in each.direction)
            assert page.activation_sd == pytest.approx((page.activation - np.mean(record)) / np.std(record), abs=0.01)
            assert page.activation_percentile == pytest.approx(100 * np.mean(record < page.activation), abs=1)
    shutil.rmtree(columns.folder)
    without, _ = start(microscope, spec.but(seed=7))
    wait_for(lambda: microscope.render_pages.page(without).status == "done")
    assert microscope.render_pages.page(without).activation_percentile is None


def test_columns_that_cannot_be_made_say_why(microscope: Microscope) -> None:
    index = microscope.indexes.need("small")
    wait_for(
        lambda: microscope.column_desk.find(index) is not None and not microscope.worker.find("columns:small-corpus")
    )
    shutil.rmtree(index.folder / "columns")
    assert "index columns small-corpus --model small" in microscope.column_desk.status(index)
    (index.folder / "columns").mkdir()
    (index.folder / "columns" / "columns.json").write_text('{"key": "x", "version": 1, "images": 1, "layers": []}')
    assert microscope.column_desk.find(index) is None


def test_a_second_start_builds_nothing_again(microscope: Microscope, settings: Settings) -> None:
    manifest = settings.data / "indexes" / "small-corpus" / "manifest.json"
    written = manifest.stat().st_mtime_ns
    microscope.close()
    again = Microscope(settings)
    again.start()
    wait_for(lambda: again.ready()[0])
    assert manifest.stat().st_mtime_ns == written
    assert [facet.status for facet in again.facet_desk.cards().facets] == ["ready"]
    again.close()


@pytest.mark.parametrize(("seed", "brought"), [(0, True), (1, False)], ids=["same weights", "other weights"])
def test_a_trained_facet_that_a_model_brings_along_is_used_with_its_own_weights_only(
    furnished: Path, microscope: Microscope, tmp_path: Path, seed: int, brought: bool
) -> None:
    facet_id, folder = microscope.facet_desk.cards().facets[0].id, tmp_path / "models" / "small"
    shutil.copytree(furnished, folder)
    trained = facet_file.load(microscope.store.files.facet_weights(facet_id))
    marked = replace(trained, warnings=("It came with the model.",))
    facet_file.save(marked, folder / "facets" / f"stripes.{facet_id}.safetensors")
    tiny_hub_folder(folder, seed=seed)
    second = Microscope(Settings(models=(f"small@{folder}",), data=tmp_path / "other", device="cpu"))
    second.start()
    wait_for(lambda: [facet.status for facet in second.facet_desk.cards().facets] == ["ready"])
    facet = second.facet_desk.load(facet_id)
    assert (facet.warnings == marked.warnings) is brought
    assert facet.weights_hash == second.residents.clip("small").weights_hash
    second.close()


def test_a_new_version_of_a_shipped_facet_takes_the_name_and_the_old_one_is_kept(
    furnished: Path, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "small"
    shutil.copytree(furnished, folder)
    settings = Settings(**{**settings.model_dump(), "models": (f"small@{folder}",)})
    first = Microscope(settings)
    first.start()
    wait_for(lambda: [facet.status for facet in first.facet_desk.cards().facets] == ["ready"])
    old = first.facet_desk.cards().facets[0].id
    first.close()
    write_tar(folder / "facets" / "stripes.tar", striped_files(12, start=2000))
    second = Microscope(settings)
    second.start()
    wait_for(lambda: [facet.status for facet in second.facet_desk.cards().facets] == ["ready", "ready"])
    new, kept = second.facet_desk.cards().facets
    assert (new.name, new.shipped) == ("stripes", True)
    assert (kept.id, kept.name, kept.shipped) == (old, "stripes (before)", False)
    second.close()


def test_facets_are_trained_again_when_the_weights_change(furnished: Path, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    shutil.copytree(furnished, folder)
    settings = Settings(**{**settings.model_dump(), "models": (f"small@{folder}",)})
    first = Microscope(settings)
    first.start()
    wait_for(lambda: [facet.status for facet in first.facet_desk.cards().facets] == ["ready"])
    facet_id, _ = asyncio.run(first.add_facet("mine", "small", striped_files(12)))
    wait_for(lambda: first.facet(facet_id).status == "ready")
    first.close()
    tiny_hub_folder(folder, seed=1)
    second = Microscope(settings)
    second.start()
    wait_for(lambda: second.ready()[0])
    wait_for(lambda: second.worker.find("resume") is None and not second.worker.depth)
    wait_for(lambda: [facet.status for facet in second.facet_desk.cards().facets] == ["ready", "ready"])
    weights = second.residents.clip("small").weights_hash
    assert second.facet_desk.load(facet_id).weights_hash == weights
    second.close()


def test_a_render_grows_to_a_picture_at_its_address(microscope: Microscope) -> None:
    facet = microscope.facet_desk.cards().facets[0].id
    render_id, created = start(microscope, a_spec(facet="stripes"))
    assert created
    wait_for(lambda: microscope.render_pages.page(render_id).status == "done")
    page = microscope.render_pages.page(render_id)
    assert page.spec.facet == facet and page.step == page.steps == 6
    assert page.activation is not None and page.activation_percentile is not None
    assert page.facet_score is not None and 0 <= page.facet_score <= 1
    assert [frame.step for frame in page.frames][-1] == 6
    assert microscope.store.files.frame(render_id, 6).startswith(b"RIFF")
    assert microscope.store.files.picture(render_id).startswith(b"\x89PNG")


def test_the_same_spec_is_computed_once(microscope: Microscope) -> None:
    render_id, _ = start(microscope, a_spec())
    wait_for(lambda: microscope.render_pages.page(render_id).status == "done")
    picture = microscope.store.files.picture(render_id)
    assert start(microscope, a_spec()) == (render_id, False)
    assert microscope.render_pages.page(render_id).status == "done"
    assert microscope.store.files.picture(render_id) == picture


def test_a_watcher_gets_the_newest_state_and_the_last(microscope: Microscope) -> None:
    async def watch() -> list[tuple[str, int]]:
        render_id, _ = await microscope.start_render(a_spec(steps=40))
        return [(page.status, page.step) async for _, page in microscope.watching.render(render_id)]

    seen = asyncio.run(watch())
    assert seen[-1] == ("done", 40)
    assert seen == sorted(seen, key=lambda state: state[1])


def test_cancel_keeps_the_frames_and_says_so(microscope: Microscope) -> None:
    render_id, _ = start(microscope, a_spec(steps=4000))
    wait_for(lambda: microscope.render_pages.page(render_id).step >= 8)
    asyncio.run(microscope.cancel_render(render_id))
    page = microscope.render_pages.page(render_id)
    assert page.status == "cancelled" and page.frames and page.step < 4000


def test_a_restart_resumes_what_ran_and_what_waited(microscope: Microscope, settings: Settings) -> None:
    ids = [start(microscope, a_spec(unit=unit, steps=400))[0] for unit in range(3)]
    wait_for(lambda: microscope.render_pages.page(ids[1]).step >= 1)
    microscope.close()
    again = Microscope(settings)
    assert [again.render_pages.page(each).status for each in ids] == ["running", "running", "queued"]
    again.start()
    wait_for(lambda: {again.render_pages.page(each).status for each in ids} == {"done"})
    again.close()


def test_a_full_queue_refuses_and_stores_nothing(microscope: Microscope) -> None:
    growing = [start(microscope, a_spec(unit=unit, steps=4000))[0] for unit in (8, 9)]
    wait_for(lambda: {microscope.render_pages.page(each).status for each in growing} == {"running"})
    for unit in range(10, 13):
        start(microscope, a_spec(unit=unit))
    with pytest.raises(QueueFull, match="3 jobs wait"):
        start(microscope, a_spec(unit=13))
    with pytest.raises(NotFound):
        microscope.render_pages.page(a_spec(unit=13).id)
    for each in growing:
        asyncio.run(microscope.cancel_render(each))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"layer": "layer9.0"}, NotFound, "layer4.0"),
        ({"unit": 256}, NotFound, "0 to 255"),
        ({"facet": "nowhere"}, BadInput, "stripes"),
        ({"facet": "stripes", "layer": "layer1.0"}, BadInput, "later layer"),
        ({"model": "other"}, NotFound, "other"),
    ],
)
def test_a_bad_spec_is_refused_with_what_there_is(
    shared: Microscope, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        start(shared, a_spec(**changes))
    assert shared.renders().renders == []


def test_an_uploaded_facet_is_trained_and_counts_what_it_refused(microscope: Microscope) -> None:
    files = [*striped_files(12), ("again.png", striped_files(1)[0][1]), ("notes.png", b"just text")]
    facet_id, created = asyncio.run(microscope.add_facet("my  stripes", "small", files))
    wait_for(lambda: microscope.facet(facet_id).status == "ready")
    page = microscope.facet(facet_id)
    assert created and page.name == "my stripes" and len(page.images) == 12
    assert {refused.name for refused in page.refused} == {"again.png", "notes.png"}
    assert page.layers and page.negatives > 0
    assert asyncio.run(microscope.add_facet("my stripes", "small", files)) == (facet_id, False)


def test_too_few_pictures_are_refused_with_the_reasons(shared: Microscope) -> None:
    with pytest.raises(BadInput, match=r"at least 8 usable pictures and got 7.*notes\.png"):
        asyncio.run(shared.add_facet("few", "small", [*striped_files(7), ("notes.png", b"just text")]))
    assert len(shared.facet_desk.cards().facets) == 1


def test_a_look_ranks_units_in_standard_deviations(shared: Microscope) -> None:
    look_id = asyncio.run(shared.add_look("../<b>x</b>.png", "small", png(blobs(7)[0])))
    page = shared.look_desk.page(look_id)
    hits = page.layers[LAYER]
    assert page.name == "b>.png" or "/" not in page.name
    assert [hit.sd for hit in hits] == sorted((hit.sd for hit in hits), reverse=True)
    unit = shared.unit_page("small", LAYER, hits[0].unit)
    assert unit.stats
    assert hits[0].sd == pytest.approx((hits[0].activation - unit.stats.mean) / unit.stats.std, rel=1e-4)


def test_a_look_at_a_corpus_picture_agrees_with_the_index(shared: Microscope) -> None:
    example = shared.unit_page("small", LAYER, 5).examples[0]
    index = int(example.page.partition("?")[0].rpartition("/")[2])
    page = asyncio.run(shared.corpus_page("small-corpus", index))
    hit = next((hit for hit in page.layers[LAYER] if hit.unit == 5), None)
    assert page.caption.endswith("discs")
    if hit is not None:
        assert hit.activation == pytest.approx(example.activation, rel=1e-3)
        assert hit.box == example.box


def test_search_finds_by_number_and_by_text(shared: Microscope) -> None:
    by_number = asyncio.run(shared.look_desk.search("17"))
    assert [hit.unit for hit in by_number.units] == [17]
    by_text = asyncio.run(shared.look_desk.search("a red disc")).units
    called = [hit for hit in by_text if hit.label == "red"]
    assert by_text[: len(called)] == called and len(by_text) == 24
    scores = [hit.score for hit in by_text[len(called) :]]
    assert scores == sorted(scores, reverse=True)
    assert asyncio.run(shared.look_desk.search("  ")).units == []


def test_every_unit_of_a_layer_is_reached_page_by_page(shared: Microscope) -> None:
    seen: list[int] = []
    page = shared.browser.layer_page("small", LAYER, limit=100)
    while True:
        seen += [card.unit for card in page.units]
        if page.next is None:
            break
        page = shared.browser.layer_page("small", LAYER, limit=100, after=len(seen) - 1)
    assert seen == list(range(256)) and page.total == 256


def test_a_model_that_cannot_be_loaded_says_why_and_the_rest_works(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    microscope = Microscope(Settings(models=(f"broken@{empty}",), data=tmp_path / "data", device="cpu"))
    microscope.start()
    wait_for(lambda: "empty" in microscope.ready()[1])
    assert microscope.ready()[0] is False
    microscope.close()
