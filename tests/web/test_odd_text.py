"""Characters that databases, headers and numbers stumble over, at every address: refused or shown as text, and never a fault
of ours, whichever database keeps what people made."""

import itertools
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.app import create_app
from tests.fuzzing import TIMES
from tests.pictures import blobs, furnished_folder, png
from tests.web.conftest import LAYER, SPEC, finish, wait_for

pytestmark = pytest.mark.fuzz

ODD = {
    "NUL": "a%00b",
    "half of a surrogate pair": "%ED%A0%80",
    "no UTF-8": "a%FFb",
    "line breaks": "a%0D%0ASet-Cookie:%20a=b",
    "long": "%C3%BC" * 2000,
    "digits": "9" * 5000,
}
"""Percent-encoded, as they stand in an address or a form."""
OTHERS = itertools.cycle(list(ODD.values())[1:])
KNOWN = {"slug": "small", "layer": LAYER, "unit": "3", "corpus": "small-corpus", "index": "0", "kind": "wild"}
FIELDS = {"model": "small", "layer": LAYER, "unit": "3", "kind": "words", "title": "Odd", "note": "n", "text": "t"}
PICTURE = png(blobs(7)[0])
CHARSETS = {
    "utf-8": b"a\0b\xff",
    "utf-7": b"+2AA-",
    "punycode": b"-\xff",
}
"""Bytes of a form's field by what it says they are."""
HEADERS = [
    "Accept",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Last-Event-ID",
    "Referer",
    "User-Agent",
    "X-Request-ID",
]
JSON = {"Accept": "application/json"}


@dataclass
class Site:
    """A server with a little of what people make, and what it answered with that it should not."""

    client: TestClient
    app: FastAPI
    known: dict[str, str]
    stumbles: bool
    """Whether the database takes no NUL."""
    faults: list[str] = field(default_factory=list)

    def some(self) -> list[str]:
        """NUL where the database does not take it, elsewhere another one in turn; in `make fuzz` all."""
        if TIMES > 1:
            return list(ODD.values())
        return [ODD["NUL"] if self.stumbles else next(OTHERS)]

    def ask(self, method: str, url: str, **sent: Any) -> None:
        """Send a request, and note an answer that is a fault or would break the protocol."""
        what = f"{method} {url[:120]} {str(sent)[:300]}"
        try:
            answer = self.client.request(method, url, **sent)
        except Exception as error:  # what a server answers with 500, and logs
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.faults.append(f"{what}: {type(error).__name__} in {where.filename}:{where.lineno}: {str(error)[:200]}")
            return
        broken = [name for name, value in answer.headers.raw if re.search(rb"[\r\n\0]", name + value)]
        if answer.status_code >= 500 or broken:
            self.faults.append(f"{what}: {answer.status_code} {broken} {answer.text[:200]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=24, facet=8)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of a team on each database, and its admin."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_server").new()
    settings = Settings(
        models=(f"small@{folder}",),
        data=tmp_path_factory.mktemp(request.param),
        device="cpu",
        database_url=url,
        access="team",
    )
    app = create_app(settings)
    with TestClient(app, follow_redirects=False) as client:
        client.headers["Authorization"] = f"Bearer {app.state.microscope.key_desk.add('odd', 'admin')}"
        wait_for(lambda: client.get("/readyz").status_code == 200)
        made = {
            "render_id": client.post("/renders", data={**SPEC, "steps": "1"}),
            "look_id": client.post("/looks", files={"image": ("a.png", PICTURE, "image/png")}),
            "list_id": client.post("/lists", data={"title": "Odd"}),
        }
        for answer in made.values():
            assert answer.status_code == 303, answer.text
        finish(client, made["render_id"].headers["location"])
        ids = {name: answer.headers["location"].split("/")[2] for name, answer in made.items()}
        yield Site(client, app, KNOWN | ids, stumbles=request.param == "postgresql")


@pytest.fixture(autouse=True)
def _no_faults(site: Site) -> Iterator[None]:
    site.faults.clear()
    yield
    assert not site.faults, "\n".join(site.faults)


def test_in_addresses(site: Site) -> None:
    routes = [(each.path or "", {*(each.methods or ())} - {"HEAD"}) for each in iter_route_contexts(site.app.routes)]
    twins = {path.removesuffix(".json") for path, _ in routes if path.endswith(".json")}
    for path, methods in routes:
        asked = methods - ({"GET"} if path in twins else set())
        names = re.findall(r"{(\w+)", path)
        for method, name in itertools.product(sorted(asked), names):
            for odd in site.some():
                said = {**site.known, name: odd}
                site.ask(method, re.sub(r"{(\w+)[^}]*}", lambda found, said=said: said.get(found[1], "1"), path))


def test_in_queries(site: Site) -> None:
    for path, operations in site.app.openapi()["paths"].items():
        asked = operations.get("get", {}).get("parameters", [])
        url = re.sub(r"{(\w+)}", lambda found: site.known.get(found[1], "1"), path)
        for name in [each["name"] for each in asked if each["in"] == "query"]:
            for number, odd in enumerate(site.some()):
                site.ask("GET", f"{url if number % 2 else url.removesuffix('.json')}?{name}={odd}")


def fields_of(operation: dict[str, Any]) -> list[str]:
    """The fields that a form may have."""
    schemas = [body["schema"] for body in operation.get("requestBody", {}).get("content", {}).values()]
    alike = [each for schema in schemas for each in (schema, *schema.get("oneOf", []))]
    return sorted({name for schema in alike for name in schema.get("properties", {})})


def posts(site: Site) -> Iterator[tuple[str, list[str]]]:
    """Every address that a form with fields goes to, and the fields."""
    for path, operations in site.app.openapi()["paths"].items():
        if names := fields_of(operations.get("post", {})):
            yield re.sub(r"{(\w+)}", lambda found: site.known.get(found[1], "1"), path), names


def test_in_forms(site: Site) -> None:
    for url, names in posts(site):
        for name in names:
            for odd in site.some():
                form = "&".join(f"{key}={value}" for key, value in {**FIELDS, name: odd}.items() if key in names)
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                site.ask("POST", url, content=form, headers=kind)
                said = {**FIELDS, name: unquote_plus(odd)}
                site.ask("POST", url, json={key: value for key, value in said.items() if key in names}, headers=JSON)


@pytest.mark.parametrize("charset", CHARSETS)
def test_in_forms_of_any_charset(site: Site, charset: str) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    odd = CHARSETS[charset]
    for url, names in posts(site):
        for name in names:
            said = {**{key: value.encode() for key, value in FIELDS.items() if key in names}, name: odd}
            parts = [
                b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value)
                for key, value in said.items()
            ]
            site.ask("POST", url, content=b"".join(parts) + b"--x--\r\n", headers=kind)
        for name in ("image", "images", "picture", "picture_file"):
            head = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s.png"\r\n\r\n' % (name.encode(), odd)
            site.ask("POST", url, content=head + PICTURE + b"\r\n--x--\r\n", headers=kind)


def test_in_headers(site: Site) -> None:
    values = ["\xff\xed\xa0\x80", "\u00fc" * 5000, f"Bearer {'a' * 5000}", f"{site.app.state.boot}-{'9' * 5000}"]
    events = f"/renders/{site.known['render_id']}/events"
    asked = [("GET", "/models"), ("GET", events), ("POST", "/renders"), ("POST", "/enter")]
    for (method, url), name, value in itertools.product(asked, HEADERS, values):
        site.ask(method, url, headers={name: value.encode("latin-1")})
