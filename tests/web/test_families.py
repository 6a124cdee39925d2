"""The tour of families: the paper's without any weights, those found by clustering, and those that a corpus records."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.errors import NotFound
from app.lab.families import LEAST
from app.lab.grouped import LayerFamilies, place
from app.lab.published import described, published
from app.microscope import Microscope
from app.microscope.families import OTHER, families
from tests.web.conftest import wait_for
from tests.web.markup import Markup

LAYER, PAPER = "layer4.0", "RN50x4.openai"


@pytest.fixture
def microscope(client: TestClient) -> Microscope:
    """That of the server, with the families of every layer found."""
    return cast(FastAPI, client.app).state.microscope


@pytest.fixture
def gallery_file(microscope: Microscope) -> Iterator[Path]:
    """Where a gallery of the layer under the facet is looked for, empty before and after the test."""
    facet = next(each for each in microscope.facet_desk.cards().facets if each.name == "stripes")
    path = microscope.gallery.path("small", LAYER, facet.id)
    assert not path.parent.exists()
    path.parent.mkdir(parents=True)
    yield path
    rmtree(path.parent)


@pytest.fixture
def church(client: TestClient, microscope: Microscope) -> Iterator[str]:
    """The tour while its first family is named by a word of a sensitive theme."""
    index = microscope.indexes.find("small")
    assert index
    path = place(index, LAYER)
    kept = path.read_bytes()
    found = json.loads(kept)
    found["families"][0]["words"] = ["church"]
    path.write_text(json.dumps(found))
    client.cookies.clear()
    yield client.get("/models/small/families.json").json()["url"]
    client.cookies.clear()
    path.write_bytes(kept)


def test_every_published_family_is_described_in_our_words() -> None:
    for slug, layer in ((PAPER, "layer4.5"), ("RN101.openai", "layer4.2"), ("RN50.openai", "layer4.2")):
        names = {name for unit in published(slug, layer).values() for name in unit.families}
        assert names <= set(described()), names - set(described())


def test_the_papers_families_can_be_read_without_the_weights(microscope: Microscope) -> None:
    page = microscope.tour_desk.page(PAPER)
    assert (page.kind, page.layer, page.status) == ("published", "layer4.5", "") and "CC BY 4.0" in page.credit
    assert f"model fetch {PAPER}" in page.lacking and f"serve --model {PAPER}" not in page.lacking
    assert [each.name for each in page.all][:3] == ["region", "person", "emotion"] and page.next is None
    person = next(each for each in page.families if each.name == "person")
    assert person.sensitive == ["people"] and person.description and page.sensitive == ["people", "religion"]
    trump = next(each for each in person.members if each.card.unit == 89)
    assert "Trump" in trump.card.label and trump.words == list(published(PAPER, "layer4.5")[89].words[:3])
    assert trump.card.url == f"/models/{PAPER}/layer4.5/89" and trump.card.thumbnail is None
    assert page.loose == 2560 - len({u for u, each in published(PAPER, "layer4.5").items() if each.families})
    for each in page.all:
        alone = microscope.tour_desk.page(PAPER, family=each.name)
        assert [family.name for family in alone.families] == [each.name]
        units = [member.card.unit for member in alone.families[0].members]
        assert len(units) == each.units
        assert all(each.name in published(PAPER, "layer4.5")[unit].families for unit in units)
    other = microscope.tour_desk.page("RN101.openai")
    assert other.kind == "published" and other.layer == "layer4.2" and other.loose > 1900


def test_units_that_the_paper_shows_come_first(microscope: Microscope) -> None:
    known = published(PAPER, "layer4.5")
    for family in microscope.tour_desk.page(PAPER).families:
        shown = [known[member.card.unit].facet is not None for member in family.members]
        assert shown == sorted(shown, reverse=True), family.name


def test_a_model_that_the_paper_does_not_speak_of_has_families_that_were_found(microscope: Microscope) -> None:
    page = microscope.tour_desk.page("small")
    index = microscope.indexes.find("small")
    found = microscope.family_desk.find(index, LAYER)
    assert found and (page.kind, page.layer, page.corpus, page.images) == ("found", LAYER, "small-corpus", 120)
    assert {each.kind for each in page.kinds} == {"found", "recorded"}
    assert [each.units for each in page.all] == [len(each.units) for each in found.families]
    assert page.loose == found.loose and page.credit == page.lacking == ""
    first = page.families[0]
    assert [member.card.unit for member in first.members] == list(found.families[0].units[:24])
    assert first.cohesion is not None and first.beside is not None and first.cohesion > first.beside
    assert all(member.card.thumbnail for member in first.members)
    names = [each.name for each in page.all]
    assert len(names) == len(set(names)), "an address means one family"


def test_all_families_are_come_by_page_after_page(microscope: Microscope) -> None:
    page = microscope.tour_desk.page("small")
    seen = [each.name for each in page.families]
    while page.next:
        page = microscope.tour_desk.page("small", after=len(seen))
        seen += [each.name for each in page.families]
    assert seen == [each.name for each in page.all]


def test_families_that_a_corpus_records_are_those_of_the_layers_filter(microscope: Microscope) -> None:
    page = microscope.tour_desk.page("small", kind="recorded", layer="layer1.0")
    names = families("small", microscope.indexes.find("small"), "layer1.0")
    assert {each.name for each in page.all} == set(names) - {OTHER} == {"cool", "warm"}
    for each in page.families:
        assert sorted(member.card.unit for member in each.members) == [
            unit for unit, name in enumerate(names) if name == each.name
        ]
        assert each.gallery
        gallery = microscope.browser.layer_page("small", "layer1.0", family=each.name)
        assert gallery.total == each.units
    assert page.loose == names.count(OTHER)


def test_changed_labels_make_found_families_stale_and_they_are_made_again(microscope: Microscope) -> None:
    index = microscope.indexes.find("small")
    assert index
    path = place(index, LAYER)
    changed = json.loads(path.read_text()) | {"labels": "0" * 16}
    path.write_text(json.dumps(changed))
    page = microscope.tour_desk.page("small")
    assert page.families == [] and "family build" in page.status
    microscope.family_desk.queue(index.manifest.name)
    wait_for(lambda: not microscope.tour_desk.page("small").status)
    labels = microscope.label_desk.find(index, LAYER)
    assert labels and LayerFamilies.open(index, labels).families


def test_a_unit_is_shown_under_the_facet_that_the_paper_names_where_there_is_a_render(
    microscope: Microscope, gallery_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the tiny model were one that the paper speaks of."""
    known = {
        5: published(PAPER, "layer4.5")[89].model_copy(update={"facet": "stripes"}),
        6: published(PAPER, "layer4.5")[3],
    }
    monkeypatch.setattr("app.microscope.tour.published", lambda slug, layer: known)
    monkeypatch.setattr("app.microscope.tour.published_layer", lambda slug: LAYER)
    facet = next(each for each in microscope.facet_desk.cards().facets if each.name == "stripes")
    clip = microscope.residents.clip("small")
    with zipfile.ZipFile(gallery_file, "w") as archive:
        archive.writestr("about.json", json.dumps({"weights": clip.weights_hash}))
        archive.writestr("5.webp", b"a picture")
    members = {m.card.unit: m for each in microscope.tour_desk.page("small").families for m in each.members}
    assert members[5].facet == "stripes" and members[5].card.thumbnail == f"/gallery/small/{LAYER}/{facet.id}/5.webp"
    assert members[6].facet is None and "/corpora/" in str(members[6].card.thumbnail)


def test_what_there_is_not_is_said(microscope: Microscope) -> None:
    for question in ({"family": "nobody"}, {"layer": "layer9"}, {"corpus": "nothing"}):
        with pytest.raises(NotFound):
            microscope.tour_desk.page("small", **question)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        microscope.tour_desk.page("no-such-model")
    assert min(each.units for each in microscope.tour_desk.page("small").all) >= LEAST
    unserved = microscope.tour_desk.page("RN50x16.openai")
    assert unserved.kind == "found" and unserved.families == [] and unserved.status and unserved.lacking


def test_the_page_has_what_its_twin_has_and_every_link_leads_somewhere(client: TestClient) -> None:
    twin = client.get("/models/small/families.json").json()
    page = Markup(client.get("/models/small/families").text)
    links = {each.get("href") for each in page.all("a")}
    for family in twin["families"]:
        assert family["url"] in links and {member["card"]["url"] for member in family["members"]} <= links
        assert client.get(family["url"]).status_code == 200
    for kind in twin["kinds"]:
        assert kind["url"] in links and client.get(kind["url"]).status_code == 200
    for path in ("/", "/models/small", f"/models/small/{LAYER}"):
        assert any(
            (each.get("href") or "").startswith("/models/small/families")
            for each in Markup(client.get(path).text).all("a")
        )


def test_published_families_of_people_carry_the_warning(client: TestClient) -> None:
    text = client.get(f"/models/{PAPER}/families").text
    assert "Some of these families are about people and religion" in text and f"model fetch {PAPER}" in text
    assert "Donald Trump" in text and "<img" not in text
    assert "people" not in client.get(f"/models/{PAPER}/families.json?family=color").json()["sensitive"]


def test_who_wants_to_see_them_comes_back_to_the_tour(client: TestClient, church: str) -> None:
    page = Markup(client.get(church).text)
    assert "Some of these families are about religion" in page.text and "blurred until you ask" in page.text
    assert page.one("input", name="back")["value"] == church
    answer = client.post("/reveal", data={"back": church, "show": "1"})
    assert answer.headers["location"] == church
    shown = Markup(client.get(church).text)
    assert shown.one("html")["class"] == "revealed" and "blurred until you ask" not in shown.text
