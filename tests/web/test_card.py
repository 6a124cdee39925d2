"""Model cards on the page: safe HTML, no dead links, and a way to them from where the model is named."""

import pytest
from fastapi.testclient import TestClient

from app.answers.models import CardPage, CardPicture
from app.web.markdown import LONG, CardText, render
from tests.web.conftest import LAYER
from tests.web.markup import Markup

PICTURE = CardPicture(target="a/b.png", url="/models/small/card/a/b.png", width=30, height=20)


def rendered(source: str) -> CardText:
    return render(CardPage(model="small", name="Small", title="Small", url="", source=source, pictures=[PICTURE]))


def html(source: str) -> str:
    return str(rendered(source).html).strip()


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("[web](https://a.org/?b=1&c)", '<a href="https://a.org/?b=1&amp;c" rel="nofollow noopener">web</a>'),
        ("[code](../app.py)", "code"),
        ("[`code`](../app.py) [mail](mailto:a@b.c)", "<code>code</code> mail"),
        ("[rooted](/models)", "rooted"),
        ("[other](//evil.org)", "other"),
        ("[script](javascript:alert(1))", "[script](javascript:alert(1))"),
        ("[sheet](a/b.png)", '<a href="/models/small/card/a/b.png" rel="nofollow noopener">sheet</a>'),
        ("a <b onclick='x'>bold</b> word", "a bold word"),
        ("AT&T < 3", "AT&amp;T &lt; 3"),
        ("![lost](a/c.png)", "lost"),
        ("![badge](https://a.org/b.svg)", '<a href="https://a.org/b.svg" rel="nofollow noopener">badge</a>'),
        ("[![badge](https://a.org/b.svg)](https://a.org)", '<a href="https://a.org" rel="nofollow noopener">badge</a>'),
    ],
)
def test_links_and_markup_of_a_card(source: str, wanted: str) -> None:
    found = html(source)
    assert found.removeprefix("<p>").removesuffix("</p>") == wanted


def test_a_picture_waits_to_be_seen_and_opens_itself() -> None:
    page = Markup(html('![A "sheet"](a/b.png)'))
    assert page.one("a") == {"href": PICTURE.url} and page.one("p") == {"class": "pictures"}
    assert page.one("img") == {
        "src": PICTURE.url, "alt": 'A "sheet"', "width": "30", "height": "20", "loading": "lazy", "decoding": "async",
    }  # fmt: skip
    linked = Markup(html("Words ![A](a/b.png) and [![B](a/b.png)](https://a.org) and [![C](a/b.png)](gone.md)"))
    assert [each["href"] for each in linked.all("a")] == [PICTURE.url, "https://a.org", PICTURE.url]
    assert linked.one("p") == {}


def test_html_leaves_its_words_and_comments_leave_nothing() -> None:
    assert html("<!-- a\n\nnote -->") == ""
    assert html("<div align='center'>\nWords &amp; <i>more</i>\n</div>") == "<p>Words &amp; more</p>"
    assert "<script" not in html("<script>\nalert(1)\n</script>") + html("<<script>script>alert(1)<</script>/script>")


def test_headings_have_the_anchors_of_github_and_stand_below_the_title() -> None:
    text = rendered(
        "# Title\n\n## What it *can* do\n\n### Main\n\n## Twice\n\n## Twice\n\n## C++ & more\n\n[up](#twice-1) [no](#x)"
    )
    page = Markup(str(text.html))
    assert [(tag, each["id"]) for tag, each in page.tags if tag.startswith("h")] == [
        ("h2", "what-it-can-do"), ("h3", "main-1"), ("h2", "twice"), ("h2", "twice-1"), ("h2", "c--more"),
    ]  # fmt: skip
    assert [section.text for section in text.sections] == ["What it can do", "Twice", "Twice", "C++ & more"]
    assert page.one("a") == {"href": "#twice-1"}
    assert [tag for tag, each in Markup(html("## One\n\n# Two")).tags if "id" in each] == ["h3", "h2"]


def test_a_short_card_lists_no_sections() -> None:
    assert rendered("## A\n\n" * (LONG - 1)).sections == []


def test_tables_and_code_scroll_in_their_own_box_without_inline_styles() -> None:
    page = Markup(html("|  | a | b |\n|---|--:|:-:|\n| x | 1 | a cell that has many words |\n\n```sh\nmake <all>\n```"))
    assert page.one("div") == {"class": "table-wrap", "tabindex": "0", "role": "region", "aria-label": "Table 1"}
    assert page.all("th") == [{"scope": "col", "class": "num"}, {"scope": "col", "class": "center"}]
    assert page.all("td") == [{}, {}, {"class": "num"}, {"class": "center wordy"}]
    assert page.one("pre") == {"tabindex": "0"} and "make <all>" in page.text


def test_the_card_is_a_page_that_the_models_pages_lead_to(client: TestClient, facet_url: str, render_url: str) -> None:
    card = client.get("/models/small.json").json()["card"]
    page, twin = Markup(client.get(card).text), client.get(f"{card}.json").json()
    assert twin["title"] == "The small model" and twin["title"] in page.text
    (picture,) = twin["pictures"]
    assert page.one("img")["src"] == picture["url"]
    assert len(page.all("nav", **{"aria-label": "Sections of this card"})) == 1
    for address in (
        "/",
        "/models",
        "/models/small",
        f"/models/small/{LAYER}",
        f"/models/small/{LAYER}/5",
        facet_url,
        render_url,
    ):
        assert Markup(client.get(address).text).all("a", href=card), address


def test_the_pictures_of_a_card_are_checked_with_an_entity_tag(client: TestClient) -> None:
    address = client.get("/models/small/card.json").json()["pictures"][0]["url"]
    answer = client.get(address)
    assert answer.headers["content-type"] == "image/png" and "immutable" not in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert client.get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    for path in ("..%2fREADME.md", "%2e%2e/x.png", "open_clip_config.json", "model.safetensors", "sheets/lost.png", ""):
        assert client.get(f"/models/small/card/{path}").status_code == 404, path


def test_a_model_without_a_card_says_how_it_would_get_one(client: TestClient) -> None:
    answer = client.get("/models/RN50.openai/card")
    assert answer.status_code == 404 and "README.md" in answer.text
    assert client.get("/models/RN50.openai.json").json()["card"] is None
    assert "/card" not in client.get("/models/RN50.openai").text
    assert client.get("/models/nothing/card.json").json()["status"] == 404
