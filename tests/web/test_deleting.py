"""Deleting what people made: what depends on it is named first, then nothing of it is left; renders that are kept."""

import io
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.microscope import Microscope
from app.settings import Settings
from tests.pictures import blobs, png, striped_files
from tests.web.conftest import LAYER, SPEC, finish


def microscope(client: TestClient) -> Microscope:
    return client.app.state.microscope  # type: ignore[attr-defined]


def drawn(client: TestClient, **changes: str) -> str:
    """The address of a finished render of its own."""
    url = client.post("/renders", data={**SPEC, "steps": "2", **changes}).headers["location"]
    assert finish(client, url)["status"] == "done"
    return url


def looked(client: TestClient, data: bytes, name: str = "mine.png") -> dict[str, Any]:
    url = client.post("/looks", files={"image": (name, data, "image/png")}).headers["location"]
    return client.get(f"{url}.json").json()


def test_a_look_goes_with_its_picture(client: TestClient) -> None:
    page = looked(client, png(blobs(41)[0]))
    asked = client.get(f"{page['url']}/delete")
    assert asked.status_code == 200 and "the uploaded picture" in asked.text
    assert client.get(page["url"]).status_code == 200, "to ask deletes nothing"
    gone = client.post(f"{page['url']}/delete")
    assert (gone.status_code, gone.headers["location"]) == (303, "/looks")
    assert client.get(page["url"]).status_code == client.get(page["image"]).status_code == 404
    assert client.post(f"{page['url']}/delete").status_code == 404


def test_a_picture_that_something_else_uses_stays(client: TestClient) -> None:
    picture = png(blobs(42)[0])
    page = looked(client, picture)
    changes = {"of": "picture", "picture": Path(page["image"]).stem, "seed": "5"}
    render = client.post("/renders", json={**SPEC, "unit": None, "steps": 2, **changes}).headers["location"]
    assert finish(client, render)["status"] == "done"
    asked = client.get(f"{page['url']}/delete.json").json()
    assert {"said": "The picture itself stays: a render starts from it.", "url": render} in asked["depends"]
    client.post(f"{page['url']}/delete")
    assert client.get(page["image"]).status_code == 200
    client.post(f"{render}/delete")
    assert client.get(page["image"]).status_code == 404


def test_a_render_names_the_notes_and_lists_that_link_to_it(client: TestClient, settings: Settings) -> None:
    url = drawn(client, seed="41")
    unit = f"/models/small/{LAYER}/9"
    assert client.post(f"{unit}/notes", data={"note": f"See [it](http://testserver{url})."}).status_code == 303
    for title, listed in (("Stripes", "1"), ("Secret", "")):
        form = {"title": title, "description": f"As in {url}", "listed": listed, "boxes": "1"}
        assert client.post("/lists", data=form).status_code == 303
    said = client.get(f"{url}/delete").text
    assert f"A note on unit 9 of {LAYER} links to it" in said and "The list Stripes links to it" in said
    assert "Secret" not in said and "not shown to everybody" in said
    folder = settings.data / "renders" / url.rpartition("/")[2]
    assert folder.is_dir()
    assert client.post(f"{url}/delete").headers["location"] == "/renders"
    assert client.get(url).status_code == 404 and not folder.exists()
    client.post(f"{unit}/notes/undo")
    client.cookies.clear()


def test_a_render_that_runs_is_stopped_first(client: TestClient) -> None:
    url = client.post("/renders", data={**SPEC, "steps": "4000", "seed": "42"}).headers["location"]
    assert client.post(f"{url}/delete", headers={"Accept": "application/json"}).json()["url"] == "/renders"
    assert client.get(url).status_code == 404
    assert client.get("/metrics").status_code == 200


def test_a_facet_names_the_renders_made_with_it(client: TestClient, settings: Settings) -> None:
    files = [("images", (name, data, "image/png")) for name, data in striped_files(8, start=500)]
    url = client.post("/facets", data={"name": "to go"}, files=files).headers["location"]
    facet = finish(client, url)
    assert facet["status"] == "ready", facet
    render = drawn(client, facet=facet["id"])
    asked = client.get(f"{url}/delete.json").json()
    assert asked["depends"][0]["url"] == render and "cannot be drawn again" in asked["depends"][0]["said"]
    assert client.post(f"{url}/delete").headers["location"] == "/facets"
    assert client.get(url).status_code == 404 and client.get(render).status_code == 200
    assert not list(settings.data.rglob(f"{facet['id']}*"))
    assert {client.get(image).status_code for image in facet["images"]} == {404}
    client.post(f"{render}/delete")


def test_a_facet_that_comes_with_the_model_stays(client: TestClient, facet_url: str) -> None:
    assert "comes with the model" in client.get(f"{facet_url}/delete").text
    assert "<button" not in client.get(f"{facet_url}/delete").text.partition('id="main"')[2]
    refused = client.post(f"{facet_url}/delete")
    assert refused.status_code == 422 and "next start" in refused.text
    assert client.get(facet_url).status_code == 200


def test_a_finding_goes_with_what_was_sent_for_it(client: TestClient, settings: Settings) -> None:
    form = {"kind": "words", "model": "small", "layer": LAYER, "list": "quagga\nokapi"}
    url = client.post("/findings", data=form).headers["location"]
    assert finish(client, url)["status"] == "done"
    words, file = settings.data / "words", settings.data / "findings" / f"{url.rpartition('/')[2]}.safetensors"
    assert file.exists() and "quagga" in "".join(path.read_text() for path in words.iterdir())
    assert f"units of {LAYER} no longer show words from it" in client.get(f"{url}/delete").text
    assert client.post(f"{url}/delete").headers["location"] == "/lab"
    assert client.get(url).status_code == 404 and not file.exists()
    assert "quagga" not in "".join(path.read_text() for path in words.iterdir())


def test_a_label_goes_with_its_votes(client: TestClient) -> None:
    unit = f"/models/small/{LAYER}/11"
    client.post(f"{unit}/labels", data={"text": "rude word"})
    client.cookies.clear()
    client.post(f"{unit}/labels/votes", data={"word": "rude word", "vote": "up"})
    client.cookies.clear()
    asked = client.get(f"{unit}/labels/delete", params={"text": "rude word"})
    assert "which 1 person gave the unit" in asked.text and "1 votes on it" in asked.text
    assert client.post(f"{unit}/labels/delete", data={"text": "rude word"}).headers["location"] == unit
    assert "rude word" not in client.get(f"{unit}.json").text
    assert client.post(f"{unit}/labels/delete", data={"text": "rude word"}).status_code == 404


def test_another_site_cannot_delete(client: TestClient, render_url: str) -> None:
    for action in ("delete", "pin"):
        assert client.post(f"{render_url}/{action}", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get(render_url).status_code == 200


def test_a_cleared_render_says_so_and_is_drawn_again(client: TestClient) -> None:
    url = drawn(client, seed="43")
    before, picture = client.get(f"{url}.json").json(), client.get(f"{url}/picture.png").content
    microscope(client).store.keeping.clear(before["id"])
    page = client.get(url).text
    assert "Its pictures were cleared for room" in page and "Draw it again" in page
    cleared = client.get(f"{url}.json").json()
    assert (cleared["status"], cleared["image"], cleared["frames"]) == ("cleared", None, [])
    assert cleared["activation"] == before["activation"], "what came of it is still known"
    assert client.get(f"{url}/picture.png").status_code == 404
    again = client.post("/renders", data={**SPEC, "steps": "2", "seed": "43"})
    assert again.headers["location"] == url
    assert finish(client, url)["status"] == "done"
    assert client.get(f"{url}/picture.png").content == picture


def test_a_kept_render_is_not_cleared(client: TestClient) -> None:
    url = drawn(client, seed="44")
    render = url.rpartition("/")[2]
    assert client.post(f"{url}/pin").headers["location"] == url
    assert client.get(f"{url}.json").json()["pinned"] and "No longer keep it" in client.get(url).text
    assert microscope(client).store.keeping.clear(render) == 0
    client.post(f"{url}/pin", data={"off": "1"})
    assert not client.get(f"{url}.json").json()["pinned"]
    assert client.post("/renders/none/pin").status_code == 404


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_a_camera_wrote_into_an_upload_is_kept(client: TestClient, kind: str) -> None:
    exif, data = Image.Exif(), io.BytesIO()
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    blobs(45)[0].convert("RGB").save(data, kind, exif=exif)
    assert b"SECRETCAMERA" in data.getvalue()
    page = looked(client, data.getvalue(), f"{kind}.img")
    kept = client.get(page["image"]).content
    opened = Image.open(io.BytesIO(kept))
    assert (
        b"SECRETCAMERA" not in kept and not opened.getexif() and not {"exif", "xmp", "icc_profile"} & opened.info.keys()
    )
    client.post(f"{page['url']}/delete")


@pytest.mark.parametrize(("field", "most", "what"), [("size", 64, "at most 64 px"), ("steps", 10, "at most 10 steps")])
def test_a_render_over_the_servers_budget_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, field: str, most: int, what: str
) -> None:
    desk = microscope(client).render_desk
    bounded = desk.settings.model_copy(update={f"max_render_{field}": most})
    monkeypatch.setattr(desk, "settings", bounded)
    refused = client.post("/renders", json={**SPEC, field: most + 1}, headers={"Accept": "application/json"})
    assert refused.status_code == 422 and refused.json()["field"] == field
    assert what in refused.json()["detail"] and f"FACETSCOPE_MAX_RENDER_{field.upper()}" in refused.json()["detail"]
    assert what in client.post("/renders", data={**SPEC, field: str(most + 1)}).text
