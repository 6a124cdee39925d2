"""What people and machines get wrong: the right status, a sentence with limit and remedy, and nothing stored."""

import io
import struct
import time
import zipfile
import zlib
from collections import defaultdict

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from tests.pictures import blobs, striped_files
from tests.test_images import png_claiming
from tests.web.conftest import LAYER, SPEC, finish
from tests.web.markup import Markup

PROBLEM = {"Accept": "application/json"}


def app_of(client: TestClient) -> FastAPI:
    assert isinstance(client.app, FastAPI)
    return client.app


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(side: int) -> bytes:
    """A PNG whose header promises `side` x `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


UNREADABLE = {
    "text named .png": (b"These are words.", 415),
    "0 bytes": (b"", 415),
    "truncated JPEG": (encoded(blobs(1)[0], "JPEG")[:600], 415),
    "30,000 x 30,000 PNG": (huge_png(30_000), 413),
    "more bytes than one picture may have": (bytes(1_600_000), 413),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_is_no_usable_picture_is_refused(client: TestClient, what: str) -> None:
    data, status = UNREADABLE[what]
    page = client.post("/looks", files={"image": ("odd<b>.png", data, "image/png")})
    assert page.status_code == status
    markup = Markup(page.text)
    assert "odd<b>.png" in markup.text and not markup.all("b") and markup.all("div", role="alert")
    assert markup.all("form", action="/looks"), "the form is there to try again"
    problem = client.post("/looks", files={"image": ("odd.png", data, "image/png")}, headers=PROBLEM)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == status and problem.json()["detail"]


def sixteen_bit() -> Image.Image:
    return Image.fromarray(np.linspace(0, 65535, 64 * 64, dtype=np.uint16).reshape(64, 64))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(blobs(2)[0].resize((64, 32)), "JPEG", exif=exif)


ODD_BUT_FINE = {
    "animated.gif": lambda: encoded(blobs(3)[0], "GIF", save_all=True, append_images=[blobs(4)[0]]),
    "cmyk.jpg": lambda: encoded(blobs(5)[0].convert("CMYK"), "JPEG"),
    "sixteen-bit.png": lambda: encoded(sixteen_bit(), "PNG"),
    "palette.png": lambda: encoded(blobs(6)[0].quantize(16), "PNG", transparency=0),
    "turned.jpg": turned,
}


@pytest.mark.parametrize("name", ODD_BUT_FINE)
def test_an_odd_picture_is_looked_at_like_any_other(client: TestClient, name: str) -> None:
    answer = client.post("/looks", files={"image": (name, ODD_BUT_FINE[name](), "image/png")})
    assert answer.status_code == 303
    page = client.get(f"{answer.headers['location']}.json").json()
    assert page["name"] == name and page["layers"]
    with Image.open(io.BytesIO(client.get(page["image"]).content)) as shown:
        assert shown.format == "WEBP" and not shown.getexif()
        assert name != "turned.jpg" or shown.height > shown.width


@pytest.mark.usefixtures("unchanged")
def test_a_facet_without_enough_pictures_is_refused_with_the_reasons(client: TestClient) -> None:
    files = [*striped_files(7), ("notes.png", b"words")]
    answer = client.post("/facets", data={"name": "too few"}, files=[("images", (name, data)) for name, data in files])
    page = Markup(answer.text)
    assert answer.status_code == 422
    assert "8" in page.text and "notes.png" in page.text
    assert page.one("input", id="facet-name")["value"] == "too few"


def test_a_zip_with_paths_in_its_names_writes_no_path(
    client: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = [(f"../../../escape-{name}", data) for name, data in striped_files(8, start=50)]
    answer = client.post("/facets", data={"name": "escapes"}, files={"images": ("all.zip", zipped(*entries))})
    assert answer.status_code == 303
    assert finish(client, answer.headers["location"])["positives"] == 8
    assert not list(tmp_path_factory.getbasetemp().parent.rglob("escape-*"))


@pytest.mark.usefixtures("unchanged")
def test_a_zip_bomb_is_refused(client: TestClient) -> None:
    bomb = zipped(*((f"{i}.png", bytes(40_000_000)) for i in range(10)))
    assert len(bomb) < 500_000
    answer = client.post("/facets", data={"name": "bomb"}, files={"images": ("bomb.zip", bomb)}, headers=PROBLEM)
    assert answer.json()["status"] == 413 and "MB" in answer.json()["detail"]


UPLOADS = {
    "/looks": ("image", {}),
    "/renders": ("picture_file", {**SPEC, "of": "picture"}),
    "/facets": ("images", {"name": "bomb"}),
    "/models/small/lab/pictured": ("picture", {"sign": "+"}),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", UPLOADS)
def test_a_picture_that_unpacks_to_gigabytes_is_refused_wherever_it_is_sent(client: TestClient, path: str) -> None:
    field, fields = UPLOADS[path]
    began = time.monotonic()
    answer = client.post(path, data=fields, files={field: ("bomb.png", png_claiming(60_000, 60_000))}, headers=PROBLEM)
    assert answer.status_code in (413, 422) and "bomb.png has too many pixels" in answer.json()["detail"]
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("count", [41, 10_000])
def test_more_files_than_a_facet_may_have_are_refused(client: TestClient, count: int) -> None:
    files = [("images", (f"{i}.png", b"x")) for i in range(count)]
    answer = client.post("/facets", data={"name": "many"}, files=files)
    assert answer.status_code == 413 and "at most 40 files" in answer.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("data", [{}, {"name": " "}, {"name": "x" * 81}])
def test_a_facet_needs_a_short_name(client: TestClient, data: dict[str, str]) -> None:
    answer = client.post("/facets", data=data, files=[("images", file) for file in striped_files(8)])
    assert answer.status_code == 422 and "name" in Markup(answer.text).text


def test_a_facet_named_in_html_is_shown_as_text(client: TestClient) -> None:
    name = "<img src=x onerror=alert(1)>"
    files = [("images", file) for file in striped_files(8, start=200)]
    answer = client.post("/facets", data={"name": name}, files=files)
    finish(client, answer.headers["location"])
    for address in (answer.headers["location"], "/facets", "/", f"/models/small/{LAYER}/3"):
        page = Markup(client.get(address).text)
        assert not page.all("img", src="x") and name in page.text, address


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["/facets", "/looks"])
def test_an_upload_without_a_file_is_refused(client: TestClient, path: str) -> None:
    answer = client.post(path, data={"name": "nothing"}, files={"images": ("", b"")})
    assert answer.status_code == 422 and "No file was chosen" in answer.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("value", [None, [], {}, 0.0, False])
def test_json_of_another_kind_than_the_document_says_is_refused_wherever_it_is_sent(
    client: TestClient, value: object
) -> None:
    kinds = {float: "number", bool: "boolean"}
    place = {"slug": "small", "layer": LAYER, "unit": 3}
    asked = 0
    for path, operations in app_of(client).openapi()["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        fields = content.get("application/json", {}).get("schema", {}).get("properties", {})
        for name, schema in fields.items():
            allowed = schema.get("type")
            if not isinstance(allowed, list) or kinds.get(type(value)) in allowed:
                continue
            address = path.format_map(defaultdict(lambda: "1", place))
            answer = client.post(address, json={name: value}, headers=PROBLEM)
            assert answer.status_code == 422 and answer.json()["field"] == name, (path, name, answer.text)
            asked += 1
    assert asked > 25


BAD_SPECS = {
    "negative steps": ({"steps": "-5"}, "steps", ("at least 1", "-5")),
    "too many steps": ({"steps": "5000"}, "steps", ("at most 4,096", "5000")),
    "steps in words": ({"steps": "many"}, "steps", ("whole number", "many")),
    "too large": ({"size": "100000"}, "size", ("at most 512",)),
    "strength out of range": ({"strength": "9", "facet": "stripes"}, "strength", ("at most 5",)),
    "infinite strength": ({"strength": "nan", "facet": "stripes"}, "strength", ("finite",)),
    "unknown preset": ({"preset": "best"}, "The form", ("preview", "standard")),
    "unknown facet": ({"facet": "nothing"}, "facet", ("nothing",)),
    "unknown layer": ({"layer": "layer9.9"}, "layer", ("layer9.9", LAYER)),
    "unit out of range": ({"unit": "256"}, "unit", ("256", "255")),
    "negative unit": ({"unit": "-1"}, "unit", ("at least 0",)),
    "huge unit": ({"unit": "9" * 40}, "unit", ("unit",)),
    "no unit": ({"unit": ""}, "unit", ("unit is missing",)),
    "unknown model": ({"model": "nothing"}, "model", ("nothing",)),
    "unknown field": ({"colour": "red"}, "colour", ("no field",)),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("what", BAD_SPECS)
def test_a_bad_render_form_comes_back_with_what_was_typed(client: TestClient, what: str) -> None:
    changes, field, words = BAD_SPECS[what]
    answer = client.post("/renders", data={**SPEC, **changes})
    page = Markup(answer.text)
    assert answer.status_code == 422
    for word in words:
        assert word in page.text
    for name, typed in {**SPEC, **changes}.items():
        if name in ("model", "unit", "size", "steps", "strength"):
            assert page.one("input", name=name)["value"] == typed
    assert page.all("option", value={**SPEC, **changes}["layer"], selected="")
    problem = client.post("/renders", json={**SPEC, **changes}, headers=PROBLEM).json()
    assert problem["status"] == 422 and problem["title"] and problem["detail"]
    assert field == "The form" or problem.get("field", field) == field


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("body", [b"{", b"[1]", b'"words"', 99_999 * b"[", rb'{"of": "prompt", "prompt": "\ud800"}'])
def test_json_that_is_no_object_or_no_text_is_refused(client: TestClient, body: bytes) -> None:
    for accepted in ({}, PROBLEM):
        answer = client.post("/renders", content=body, headers={"Content-Type": "application/json", **accepted})
        assert answer.json()["status"] == 422 and "JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/models/nothing", 404),
        ("/models/small/layer9.9", 404),
        (f"/models/small/{LAYER}/256", 404),
        (f"/models/small/{LAYER}/-1", 404),
        (f"/models/small/{LAYER}/abc", 404),
        (f"/models/small/{LAYER}/{'9' * 40}", 404),
        (f"/models/small/{LAYER}?after=abc", 422),
        (f"/models/small/{LAYER}?limit=100000", 422),
        (f"/models/small/{LAYER}?sort=beauty", 422),
        (f"/models/small/{LAYER}/3?corpus=nothing", 404),
        ("/facets/nothing", 404),
        ("/renders/0123456789abcdef", 404),
        ("/looks/nothing", 404),
        ("/corpora/nothing/1", 404),
        ("/corpora/small-corpus/120", 404),
    ],
)
def test_an_address_of_nothing_says_so_as_page_and_as_problem(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status and Markup(answer.text).all("h1")
    head, mark, query = path.partition("?")
    same = {"X-Request-ID": "same"}
    problem = client.get(f"{head}.json{mark}{query}", headers=same)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json().keys() >= {"type", "title", "status", "detail"} and problem.json()["status"] == status
    assert client.get(path, headers=PROBLEM | same).json() == problem.json()


@pytest.mark.parametrize(
    "path",
    [
        "/corpora/small-corpus/images/120.webp",
        f"/gallery/small/{LAYER}/any/9999.webp",
        "/blobs/..%2F..%2Fsecret.webp",
        "/blobs/nothing.webp",
        "/renders/0123456789abcdef/picture.png",
        "/renders/0123456789abcdef/frames/1.webp",
        "/renders/0123456789abcdef/events",
        "/facets/nothing/events",
        "/static/../pyproject.toml",
        "/static/%2e%2e/pyproject.toml",
    ],
)
def test_pictures_and_streams_of_nothing_are_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_method_that_an_address_does_not_know_is_405(client: TestClient) -> None:
    answer = client.delete("/models")
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]


def test_a_fault_of_ours_shows_a_sentence_and_no_traceback(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(app_of(client).state.microscope.look_desk, "looks", broken)
    page = client.get("/looks")
    assert page.status_code == 500 and "secret" not in page.text and "Traceback" not in page.text
    assert client.get("/looks.json").json()["status"] == 500
    assert page.headers["x-content-type-options"] == "nosniff"
