"""Every page that is read: whole without scripts, with a twin of the same content."""

import base64
import hashlib
import re

import pytest
from fastapi.testclient import TestClient

from app.web.views import STATIC
from tests.web.conftest import LAYER
from tests.web.markup import Markup

PAGES = [
    "/",
    "/models",
    "/models/small",
    "/models/small/card",
    f"/models/small/{LAYER}",
    f"/models/small/{LAYER}?q=red&sort=sparsity&limit=5",
    f"/models/small/{LAYER}/5",
    f"/models/small/{LAYER}/5/alike",
    f"/models/small/{LAYER}/5/by-facet",
    f"/models/small/{LAYER}/5/given",
    f"/models/small/{LAYER}/5/given?by=concept&value=red",
    "/models/small/families",
    "/models/small/families?kind=recorded&family=warm",
    "/models/RN101.openai/families",
    "/beside?q=red&unit=5",
    "/facets",
    "/renders",
    "/visualize",
    "/looks",
    "/search?q=5",
    "/search",
    "/enter",
    "/corpora/small-corpus/3",
    "/corpora/small-corpus/3?box=0.1,0.1,0.6,0.9",
    f"/models/small/{LAYER}/quiz",
    f"/models/small/{LAYER}/5/quiz",
    f"/models/small/{LAYER}/survey",
]


@pytest.fixture
def every_page(facet_url: str, render_url: str, look_url: str) -> list[str]:
    return [*PAGES, facet_url, render_url, look_url]


def twin_of(page: str) -> str:
    path, mark, query = page.partition("?")
    return f"{path}.json{mark}{query}"


def test_every_page_is_whole_and_names_itself(client: TestClient, every_page: list[str]) -> None:
    for address in every_page:
        answer = client.get(address)
        page = Markup(answer.text)
        assert answer.status_code == 200, address
        assert len(page.all("h1")) == len(page.all("main")) == 1 and page.all("title"), address
        assert page.all("nav", **{"aria-label": "Site"}), address
        assert client.head(address).status_code == 200, address


def test_every_page_points_to_its_twin(client: TestClient, every_page: list[str]) -> None:
    for address in every_page:
        answer = client.get(address)
        twin = Markup(answer.text).one("link", rel="alternate")["href"]
        assert twin == twin_of(address)
        assert answer.headers["link"] == f'<{twin}>; rel="alternate"; type="application/json"'
        assert client.get(twin).headers["content-type"] == "application/json"


def test_other_sites_may_frame_a_render_that_is_made_for_it_and_nothing_else(
    client: TestClient, every_page: list[str], render_url: str
) -> None:
    for address in every_page:
        policy = client.get(f"{address}{'&' if '?' in address else '?'}embed=1").headers["content-security-policy"]
        assert ("frame-ancestors *" in policy) is (address == render_url), address
        assert "frame-ancestors" in policy, address


def test_the_contract_of_the_twins(client: TestClient, facet_url: str, render_url: str, look_url: str) -> None:
    wanted = {
        "/models": {"models"},
        "/models/small": {"slug", "name", "architecture", "pretrained", "ready", "default_layer", "layers"},
        "/models/small/card": {"title", "source"},
        f"/models/small/{LAYER}": {"units", "next"},
        f"/models/small/{LAYER}/5": {
            "model", "layer", "unit", "label", "corpus", "stats", "histogram", "examples", "bottom", "strata", "renders",
        },
        facet_url: {"id", "name", "status", "model", "positives", "negatives", "layers", "warnings"},
        render_url: {
            "id", "spec", "status", "step", "steps", "activation", "activation_percentile", "facet_score", "frames",
            "image", "elapsed_s", "error",
        },
        look_url: {"layers"},
        "/search?q=5": {"units"},
    }  # fmt: skip
    for address, keys in wanted.items():
        assert keys <= client.get(twin_of(address)).json().keys(), address


def test_a_page_shows_what_its_twin_says(client: TestClient) -> None:
    address = f"/models/small/{LAYER}/5"
    twin, page = client.get(twin_of(address)).json(), Markup(client.get(address).text)
    shown = [image["src"] for image in page.all("img")]
    wanted = [example["image"] for example in twin["examples"]]
    assert any(shown[start : start + len(wanted)] == wanted for start in range(len(shown))), "in this order"
    assert f"{twin['stats']['images']} images" in page.text
    assert len(page.all("svg", **{"class": "box"})) >= len(twin["examples"])


def test_gallery_pages_follow_one_another_without_a_gap(client: TestClient) -> None:
    address, seen = f"/models/small/{LAYER}?limit=100", []
    while address:
        page = client.get(twin_of(address)).json()
        seen += [unit["unit"] for unit in page["units"]]
        links = Markup(client.get(address).text).all("a", **{"class": "more"})
        assert [link["href"] for link in links] == ([page["next"]] if page["next"] else [])
        address = page["next"]
    assert seen == list(range(256))


def test_old_microscope_addresses_redirect_for_ever(client: TestClient) -> None:
    moved = {
        "/models/contrastive_4x/image_block_4_5_Add_6_0/89": "/models/RN50x4.openai/layer4.5/89",
        "/models/contrastive_rn50/image_block_4_2_Add_6_0": "/models/RN50.openai/layer4.2",
        "/models/contrastive_v2/image_block_3_22_Add_6_0/7": "/models/RN101.openai/layer3.22/7",
        "/models/contrastive_16x": "/models/RN50x16.openai",
    }
    for old, new in moved.items():
        answer = client.get(old)
        assert (answer.status_code, answer.headers["location"]) == (308, new)
    told = client.get("/models/RN50x4.openai/layer4.5/89.json").json()["detail"]
    assert "--model RN50x4.openai" in told and "/models/RN50x4.openai/families" in told


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("contrastive_4x/text_block_2/1", "text_block_2 is no block output"),
        ("contrastive_4x/image_block_9_9_Add_6_0/1", "no layer layer9.9"),
        ("contrastive_4x/image_block_4_5_Add_6_0/2560", "units 0 to 2559"),
        (
            "contrastive_v1/image_block_4_2_Add_6_0/7",
            "contrastive_v1 is not among the models whose weights were released",
        ),
        ("contrastive_v1", "contrastive_4x is RN50x4.openai"),
    ],
)
def test_old_microscope_addresses_of_what_there_is_not_are_explained(client: TestClient, old: str, said: str) -> None:
    answer = client.get(f"/models/{old}", headers={"accept": "application/json"})
    assert answer.status_code == 404 and said in answer.json()["detail"]


def test_openapi_documents_every_twin_and_action(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    twins = [path for path in paths if path.endswith(".json")]
    assert len(twins) > 20
    for path in twins:
        assert paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"], path
    assert {"/renders", "/facets", "/looks", "/renders/{render_id}/cancel", "/renders/{render_id}/seeds"} <= {
        path for path, item in paths.items() if "post" in item
    }


def test_scripts_and_styles_are_kept_for_ever_under_the_hash_of_their_content(client: TestClient) -> None:
    page = Markup(client.get("/").text)
    sources = [each["src"] for each in page.all("script")] + [page.one("link", rel="stylesheet")["href"]]
    assert len(sources) == 4
    for address in sources:
        assert "immutable" in client.get(address).headers["cache-control"]
        assert client.get(address.partition("?")[0]).headers["cache-control"] == "no-cache"
    assert client.get("/static/nothing.js").status_code == 404


def test_no_page_carries_inline_script_or_style(client: TestClient, every_page: list[str]) -> None:
    for address in every_page:
        page = Markup(client.get(address).text)
        assert not page.all("style") and all("src" in each for each in page.all("script"))
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], (address, tag)


def test_pictures_are_immutable_and_not_sent_twice(client: TestClient, render_url: str, look_url: str) -> None:
    render, look = (client.get(f"{url}.json").json() for url in (render_url, look_url))
    for address in (render["image"], render["frames"][0]["url"], look["image"]):
        answer = client.get(address)
        assert answer.headers["content-type"].startswith("image/") and "immutable" in answer.headers["cache-control"]
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_corpus_pictures_may_change_and_are_checked(client: TestClient) -> None:
    example = client.get(f"/models/small/{LAYER}/5.json").json()["examples"][0]
    assert "immutable" not in client.get(example["image"]).headers["cache-control"]
    assert client.get(example["page"]).status_code == 200


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json()["status"] == "ready"
    assert "# TYPE" in client.get("/metrics").text


def test_the_vendored_scripts_are_the_ones_their_list_names() -> None:
    listed = re.findall(r"`(\S+\.js)`.*`(\S{64})` \|$", (STATIC / "vendor" / "README.md").read_text(), re.MULTILINE)
    found = {path.relative_to(STATIC / "vendor").as_posix() for path in (STATIC / "vendor").rglob("*.js")}
    assert {name for name, _ in listed} == found
    for name, digest in listed:
        content = (STATIC / "vendor" / name).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == digest, name


def test_a_layer_of_another_model_loses_no_question(client: TestClient) -> None:
    for address in ("/beside?a=small&layer_a=layer9.9&q=red", "/search?model=small&layer=layer9.9&q=red"):
        answer = client.get(address)
        assert answer.status_code == 200
        page = Markup(answer.text)
        assert "small has no layer layer9.9" in " ".join(page.text.split())
        assert "red" in [each.get("value") for each in page.all("input", name="q")]
