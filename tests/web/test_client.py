"""The Python client: it drives a real server to the end, and promises no address, field or key that the server has not."""

import inspect
import json
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from starlette.routing import compile_path

from app import urls
from app.settings import ROOT
from static import facetscope_client
from static.facetscope_client import Facetscope, FacetscopeError
from tests.pictures import blobs, png, striped_files
from tests.web.conftest import LAYER, Listening

PAGE = (ROOT / "docs" / "client.md").read_text()
SCHEMA_OF = {
    "Layer": "LayerInfo",
    "Model": "ModelInfo",
    "Unit": "UnitPage",
    "Hit": "SearchHit",
    "UnitOnPicture": "UnitHit",
    "Look": "LookPage",
    "Probe": "ProbeReport",
    "Facet": "FacetPage",
    "Render": "RenderPage",
}
"""The schema of each type of the client; of those that are not here, the one of the same name."""

FILES = (".webp", ".png", ".csv")
"""They are not described; their addresses came in answers."""

SENTENCE = {"title": "The queue is full", "status": 429, "detail": "16 jobs wait: come back later.", "field": "steps"}


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def scope(listening: Listening, openapi: dict[str, Any]) -> Iterator[Facetscope]:
    """The client; at the end every address and field that it used, in whichever tests, must be in the OpenAPI."""
    with Facetscope(listening.url) as scope:
        yield scope
    for method, path, query, _ in listening.asked:
        if not path.endswith(FILES):
            assert_described(openapi, method, path, query)


def assert_described(openapi: dict[str, Any], method: str, path: str, query: str) -> None:
    found = [
        methods[method.lower()]
        for pattern, methods in openapi["paths"].items()
        if method.lower() in methods and compile_path(pattern)[0].match(path)
    ]
    assert found, f"{method} {path}"
    assert parse_qs(query).keys() <= {known["name"] for known in found[0].get("parameters", [])}, query


def opened(path: Path) -> tuple[str | None, tuple[int, int]]:
    """The format and size of a picture file."""
    with Image.open(path) as picture:
        return picture.format, picture.size


def test_browsing_from_the_models_to_a_picture_of_a_unit(scope: Facetscope, tmp_path: Path) -> None:
    model = scope.models()[0]
    assert (model["slug"], model["ready"], model["default_layer"]) == ("small", True, LAYER)
    assert scope.model("small")["layers"] == model["layers"]
    units = list(scope.units("small", LAYER, limit=100))
    assert [card["unit"] for card in units] == list(range(256))
    first = scope.get(units[7]["url"])
    unit = scope.unit("small", LAYER, 7, view="crop")
    assert (unit["unit"], unit["stats"]) == (7, first["stats"])
    assert scope.search("7", layer=LAYER)[0]["url"] == unit["url"]
    strongest = scope.download(unit["examples"][0]["image"], tmp_path / "strongest.webp")
    assert opened(strongest)[0] == "WEBP"
    rows = scope.download(f"/models/small/{LAYER}/units.csv", tmp_path / "units.csv").read_text().splitlines()
    assert len(rows) == 257


def test_looking_at_a_picture(scope: Facetscope, tmp_path: Path) -> None:
    picture = tmp_path / "discs.png"
    picture.write_bytes(png(blobs(3)[0]))
    look = scope.look(picture)
    assert look["model"] == "small"
    driven = look["layers"][LAYER]
    assert [each["sd"] for each in driven] == sorted((each["sd"] for each in driven), reverse=True)


def test_a_facet_from_files_and_a_render_with_it_followed_to_its_end(scope: Facetscope, tmp_path: Path) -> None:
    for name, data in striped_files(12, start=400):
        (tmp_path / name).write_bytes(data)
    facet = scope.wait(scope.start_facet("stripes of a client", sorted(tmp_path.glob("*.png"))))
    assert (facet["status"], facet["positives"]) == ("ready", 12)
    assert facet["layers"] == scope.facet(facet["id"])["layers"] != []
    assert facet["id"] in [each["id"] for each in scope.facets()]

    begun = scope.start_render("small", LAYER, unit=9, facet=facet["id"], size=32, steps=80)
    states = list(scope.follow(begun))
    assert [state["step"] for state in states] == sorted(state["step"] for state in states)
    assert states[-1]["status"] == "done" and len(states) > 1
    done = scope.render(begun["id"])
    assert done["facet_score"] is not None
    assert opened(scope.download_picture(done, tmp_path / "9.png")) == ("PNG", (32, 32))
    frames = scope.download_frames(done, tmp_path / "frames")
    assert len(frames) == len(done["frames"]) > 1 and opened(frames[-1]) == ("WEBP", (32, 32))
    assert scope.start_render("small", LAYER, unit=9, facet=facet["id"], size=32, steps=80)["id"] == done["id"]


def test_a_finding_and_a_render_that_is_stopped(scope: Facetscope, tmp_path: Path) -> None:
    finding = scope.wait(scope.start_finding("words", "small", layer=LAYER, language="en", count=10))
    assert (finding["kind"], finding["status"]) == ("words", "done")
    assert scope.get(finding["url"])["spec"]["count"] == 10
    assert scope.finding(finding["id"])["url"] == finding["url"]
    render = scope.start_render("small", LAYER, unit=10, size=32, steps=4000)
    scope.cancel(render)
    stopped = scope.wait(render)
    assert stopped["status"] == "cancelled"
    with pytest.raises(FacetscopeError, match="cancelled: wait for it"):
        scope.download_picture({**stopped, "image": None}, tmp_path / "none.png")


def test_what_is_refused_is_said_in_the_servers_words(scope: Facetscope, tmp_path: Path) -> None:
    with pytest.raises(FacetscopeError) as refused:
        scope.unit("small", LAYER, 4000)
    assert (refused.value.status, refused.value.title) == (404, "Not found") and "4000" in refused.value.detail
    with pytest.raises(FacetscopeError) as refused:
        scope.start_render("small", LAYER, unit=1, size=9999)
    assert (refused.value.status, refused.value.field) == (422, "size")
    facet = scope.facet(scope.facets()[0]["id"])
    facet["url"] = "/facets/0123456789abcdef"
    with pytest.raises(FacetscopeError, match="Not found"):
        scope.wait(facet)
    (tmp_path / "note.png").write_text("no picture")
    with pytest.raises(FacetscopeError) as refused:
        scope.look(tmp_path / "note.png")
    assert refused.value.status == 415


def test_the_example_of_its_page_runs(
    listening: Listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = PAGE.partition("```python\n")[2].partition("```")[0]
    for theirs, ours in {"http://127.0.0.1:8000": listening.url, "iconclip": "small", "layer4.1": LAYER}.items():
        example = example.replace(theirs, ours)
    (tmp_path / "maps").mkdir()
    for name, data in striped_files(12, start=800):
        (tmp_path / "maps" / name).write_bytes(data)
    (tmp_path / "photo.jpg").write_bytes(png(blobs(8)[0]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "static")
    exec(example, {})
    assert opened(tmp_path / "7-maps.png") == ("PNG", (64, 64)) and list(tmp_path.glob("frames/*.webp"))
    assert "404 layer4.0 of small has units 0 to 255" in capsys.readouterr().out


def test_its_page_names_all_that_it_can() -> None:
    for name, _ in inspect.getmembers(Facetscope, inspect.isfunction):
        assert name.startswith("_") or f"`{name}" in PAGE or name == "close", name


@pytest.mark.parametrize("address", ["https://elsewhere.example/x", "//elsewhere.example/x", "models"])
def test_a_key_is_never_sent_elsewhere(scope: Facetscope, address: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no address of this server"):
        scope.download(address, tmp_path / "x")


class Busy(BaseHTTPRequestHandler):
    """Refuses as often as it is told to, and keeps what it was asked."""

    refusals: int
    after: str
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        busy = len(self.asked) <= self.refusals
        self.send_response(429 if busy else 200)
        self.send_header("Content-Type", "application/problem+json" if busy else "application/json")
        if busy:
            self.send_header("Retry-After", self.after)
        self.end_headers()
        self.wfile.write(json.dumps(SENTENCE if busy else {"models": []}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is not the place."""


@pytest.fixture
def busy() -> Iterator[tuple[str, type[Busy]]]:
    handler = type("Told", (Busy,), {"refusals": 2, "after": "0", "asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facetscope_client, "PAUSE_S", 0.01)


def test_a_busy_server_is_asked_again_with_the_key(busy: tuple[str, type[Busy]]) -> None:
    url, handler = busy
    with Facetscope(url, "facetscope_secret") as scope:
        assert scope.models() == []
    assert handler.asked == [("/models.json", "Bearer facetscope_secret")] * 3


@pytest.mark.parametrize(("after", "asked", "told"), [("0", 3, 0), ("3600", 1, 3600), ("soon", 3, None)])
def test_a_server_that_stays_busy_is_given_up(
    busy: tuple[str, type[Busy]], after: str, asked: int, told: float | None
) -> None:
    url, handler = busy
    handler.refusals, handler.after = 99, after
    with Facetscope(url, tries=3) as scope, pytest.raises(FacetscopeError) as refused:
        scope.models()
    error = refused.value
    assert (error.title, error.detail, error.status, error.field) == tuple(
        SENTENCE[key] for key in ("title", "detail", "status", "field")
    )
    assert len(handler.asked) == asked and error.retry_after_s == told


def test_a_server_that_is_not_there_is_said_to_be() -> None:
    with Facetscope("http://127.0.0.1:9", tries=2) as scope:
        for ask in (scope.models, lambda: scope.start_render("small", LAYER, unit=1)):
            with pytest.raises(FacetscopeError, match="No answer: http://127.0.0.1:9") as refused:
                ask()
            assert refused.value.status is None


@pytest.mark.parametrize("parts", [("small", LAYER, 3), ("a@/b/c d.pt", "blocks.11", 0), ("x?y#z%2F", "ü", 1)])
def test_addresses_are_quoted_as_the_servers(parts: tuple[str, str, int]) -> None:
    assert facetscope_client._path("models", *parts) == urls.unit(*parts)


def test_every_key_it_promises_is_in_openapi(openapi: dict[str, Any]) -> None:
    types = [each for _, each in inspect.getmembers(facetscope_client, inspect.isclass) if is_dict(each)]
    assert len(types) > 15
    for each in types:
        name = SCHEMA_OF.get(each.__name__, each.__name__)
        kinds = [name] if name != "Finding" else [of.rpartition("/")[2] for of in finding_schemas(openapi)]
        for kind in kinds:
            schema = openapi["components"]["schemas"][kind]
            for key, hint in get_type_hints(each).items():
                assert key in schema["properties"], f"{kind} has no {key}"
                assert promised(schema["properties"][key]) <= told(hint), f"{kind}.{key}"


def is_dict(each: type) -> bool:
    return hasattr(each, "__required_keys__")


def finding_schemas(openapi: dict[str, Any]) -> list[str]:
    answer = openapi["paths"]["/findings/{finding_id}.json"]["get"]["responses"]["200"]
    return list(answer["content"]["application/json"]["schema"]["discriminator"]["mapping"].values())


def promised(schema: dict[str, Any]) -> set[Any]:
    """The values that a schema allows: kinds of JSON values, the schemas of objects, or the strings it lists."""
    if "anyOf" in schema:
        return set().union(*map(promised, schema["anyOf"]))
    if "$ref" in schema:
        return {schema["$ref"].rpartition("/")[2]}
    if "enum" in schema:
        return set(schema["enum"])
    if schema["type"] == "array":
        inside = schema["items"] if "items" in schema else {"anyOf": schema["prefixItems"]}
        return {f"list of {each}" for each in promised(inside)}
    return {schema["type"]}


def told(hint: Any) -> set[Any]:
    """The same of a type of the client."""
    plain = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}
    if hint in plain:
        return {plain[hint]} | ({"integer"} if hint is float else set())
    if get_origin(hint) in (types.UnionType,):
        return set().union(*map(told, get_args(hint)))
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if get_origin(hint) is list:
        return {f"list of {each}" for each in told(get_args(hint)[0])}
    if get_origin(hint) is dict:
        return {"object", "RenderSpec"}
    return {SCHEMA_OF.get(hint.__name__, hint.__name__)}
