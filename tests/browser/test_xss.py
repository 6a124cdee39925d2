"""Every text that somebody may type, full of scripts: none runs, none is even tried, and the text is there to be read.

A field is one line in `FIELDS`: how text is put into it, and the pages that show it. Each page is opened twice: under the
content policy, which must report nothing, and without it, where a script that slipped through would run.
"""

import html
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.browser import vectors
from tests.browser.server import Server
from tests.pictures import blobs, png, striped_files

LAYER = "layer4.0"
JSON = {"Accept": "application/json"}
WAIT_S = 120
CLIENT = httpx.Client(timeout=60, trust_env=False, verify=False)  # making one takes a while, for certificates

WATCH = """
window.ran = []; window.reported = [];
for (const name of ['alert', 'confirm', 'prompt']) window[name] = (...all) => { window.ran.push(name + all.join()); };
document.addEventListener('securitypolicyviolation', (event) =>
  window.reported.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
"""Notices scripts that run and reports of the content policy, from before anything of the page."""

AUDIT = """() => {
  const wrong = [], all = [...document.querySelectorAll('*')];
  const address = ['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'srcset', 'poster', 'background', 'ping'];
  for (const each of all) {
    const said = each.outerHTML.slice(0, 160);
    if (['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE', 'FRAME', 'TEMPLATE', 'MATH', 'MARQUEE', 'AUDIO', 'VIDEO', 'APPLET',
         'PLAINTEXT', 'XMP', 'LISTING', 'FOREIGNOBJECT', 'ANIMATE', 'SET'].includes(each.tagName.toUpperCase()))
      wrong.push(`an element: ${said}`);
    if (each.tagName === 'SCRIPT' && !/^\\/static\\//.test(each.getAttribute('src'))) wrong.push(`a script: ${said}`);
    if (each.tagName === 'LINK' && !each.closest('head, .labelling')) wrong.push(`a link element: ${said}`);
    for (const {name, value} of each.attributes) {
      if (/^on|^hx-on|^style$|^srcdoc$/i.test(name)) wrong.push(`${name}: ${said}`);
      if (!address.includes(name)) continue;
      const url = new URL(value, location.href), web = /^https?:$/.test(url.protocol);
      if (!web) wrong.push(`${name} of ${url.protocol}: ${said}`);
      const foreign = url.origin !== location.origin;
      if (foreign && (each.tagName !== 'A' || !/^https?:/i.test(value) || !/nofollow/.test(each.rel)))
        wrong.push(`${name} leads away: ${said}`);
    }
  }
  return wrong;
}"""
"""What no text may have become: handlers, styles, foreign elements, and addresses that are scripts or lead away unasked."""

TEXT = """() => [document.title, document.body.textContent, ...[...document.querySelectorAll('*')].flatMap((each) =>
  [...each.attributes].filter(({name}) => /^(value|title|href|aria-label|alt|content)$/.test(name)).map(({value}) => value)),
  ...[...document.querySelectorAll('textarea')].map((each) => each.value)].join('\\n')"""
"""All that a page says, in its text and in what readers hear or hover over."""


@dataclass(frozen=True)
class Site:
    """The server, and how things are made on it without a browser."""

    server: Server

    def post(self, path: str, browser: str = "", **sent: Any) -> httpx.Response:
        CLIENT.cookies.clear()
        cookie = {"Cookie": f"facetscope_browser={browser}"} if browser else {}
        return CLIENT.post(self.server.url + path, headers={**JSON, **cookie}, **sent)

    def kept(self, path: str, browser: str = "", **sent: Any) -> dict[str, Any]:
        answer = self.post(path, browser, **sent)
        assert answer.is_success, answer.text
        return answer.json()

    def unit(self, number: int) -> str:
        return f"/models/{self.server.slug}/{LAYER}/{number}"


class Seen(NamedTuple):
    """A page, the texts that it must show, and the browser that it is opened by: none, or one that said something."""

    address: str
    texts: Sequence[str]
    browser: str = ""


Shown = Sequence[Seen]


@dataclass(frozen=True)
class Field:
    """A text field: `put` sends its texts and returns the pages that show them, each with a part of the texts."""

    name: str
    texts: Sequence[str]
    put: Callable[[Site, Sequence[str]], Shown]


def lines(longest: int) -> list[str]:
    """The texts of one line that fit into a field."""
    return [text for text in vectors.LINES if len(text) <= longest]


def packed(texts: Sequence[str], longest: int, joint: str = " ") -> list[str]:
    """Texts joined to as few values as fit into a field."""
    values: list[str] = []
    for text in texts:
        if values and len(values[-1]) + len(joint) + len(text) <= longest:
            values[-1] += joint + text
        elif len(text) <= longest:
            values.append(text)
    return values


def labels(site: Site, texts: Sequence[str]) -> Shown:
    """What units are called, and by whom: on the unit's page, in the gallery, the search, and the file of a layer."""
    for number, text in enumerate(texts):
        site.kept(f"{site.unit(80)}/labels", f"label-{number}", json={"text": text, "name": text[:40].strip()})
    site.kept(f"{site.unit(81)}/labels", "label", json={"text": texts[0]})
    title = texts[0]
    layer = f"/models/{site.server.slug}/{LAYER}"
    return [
        Seen(site.unit(80), texts, "label-0"),
        Seen(f"{site.unit(81)}/given", []),
        Seen(f"{site.unit(81)}/facets", [title]),
        Seen(f"{site.unit(81)}/alike", [title]),
        Seen(f"{layer}?{urlencode({'q': title})}", [title]),
        Seen(f"/search?{urlencode({'q': title, 'layer': LAYER})}", [title]),
        Seen(f"{layer}/labels.json", []),
    ]


def names(site: Site, texts: Sequence[str]) -> Shown:
    """What people call themselves, beside a note each."""
    for number, text in enumerate(texts):
        site.kept(f"{site.unit(82)}/notes", f"name-{number}", json={"note": str(number), "name": text})
    return [Seen(site.unit(82), texts)]


def notes(site: Site, texts: Sequence[str]) -> Shown:
    """Notes in Markdown, each full to the brim; and one of them in the preview."""
    for number, text in enumerate(texts):
        site.kept(f"{site.unit(83)}/notes", f"note-{number}", json={"note": text})
    return [Seen(site.unit(83), texts), Seen(site.unit(83), texts, "note-0")]


def lists(site: Site, texts: Sequence[str]) -> Shown:
    """Titles and descriptions of lists, on their own pages, in their owner's form, and among all."""
    titles, found = lines(80), list[Seen]()
    for number, text in enumerate(texts):
        title = titles[number]
        made = site.kept("/lists", "lists", json={"title": title, "description": text})
        site.kept(f"{made['url']}/units", "lists", json={"model": site.server.slug, "layer": LAYER, "unit": "84"})
        found += [Seen(made["url"], [title, text]), Seen(made["url"], [title, text], "lists")]
    link, titles = site.kept(f"{found[0].address}/key", "lists")["url"], titles[: len(texts)]
    others = [Seen("/lists", titles), Seen(site.unit(84), titles), Seen(link, titles[:1])]
    return [*found, *others, Seen("/lists", titles, "lists"), Seen(site.unit(84), titles, "lists")]


def remarks(site: Site, texts: Sequence[str]) -> Shown:
    """Remarks on a list's units."""
    made = site.kept("/lists", "remarks", json={"title": "remarks"})["url"]
    for number, text in enumerate(texts):
        place = {"model": site.server.slug, "layer": LAYER, "unit": str(90 + number)}
        site.kept(f"{made}/units", "remarks", json={**place, "remark": text})
    return [Seen(made, texts), Seen(made, texts, "remarks"), Seen(site.unit(90), texts[:1], "remarks")]


def facets(site: Site, texts: Sequence[str]) -> Shown:
    """Names of facets, and of the files that were refused: on their pages and wherever a facet is chosen."""
    found, broken = [], packed(lines(200), 250)[:6]
    for number, text in enumerate(texts):
        files = [
            ("images", (f"{i}.png", data, "image/png")) for i, (_, data) in enumerate(striped_files(8, 40 * number))
        ]
        files += [("images", (name, b"no picture", "image/png")) for name in broken]
        found.append(site.kept("/facets", data={"name": text}, files=files)["url"])
    unit = site.unit(85)
    shown = [
        Seen("/facets", texts),
        Seen(unit, texts),
        Seen(f"{unit}/given", texts),
        Seen(f"{unit}/facets", []),
        Seen("/visualize", texts),
    ]
    return [*shown, *(Seen(url, [text]) for url, text in zip(found, texts, strict=True))]


def looks(site: Site, texts: Sequence[str]) -> Shown:
    """Names of uploaded pictures."""
    found = []
    for number, text in enumerate(texts):
        picture = ("image", (text.replace("/", "\u2215"), png(blobs(600 + number)[0]), "image/png"))
        found.append(site.kept("/looks", files=[picture])["url"])
    return [Seen("/looks", []), *(Seen(url, []) for url in found)]


def labellings(site: Site, texts: Sequence[str]) -> Shown:
    """Categories of a blind labelling and the labeller's name, while it is open and when it is finished."""
    shown: list[Seen] = []
    for number, finish in enumerate((False, True)):
        browser, name, nine = f"blind-{number}", texts[number], texts[9 * number : 9 * number + 9]
        labelling = site.kept(f"{site.unit(86)}/labellings", browser, json={"name": name})["url"]
        for place, text in enumerate(nine):
            site.kept(f"{labelling}/tags", browser, json={"place": str(place), "category": text})
        if finish:
            site.kept(f"{labelling}/finish", browser)
            shown += [Seen(labelling, [name, *nine]), Seen(f"{labelling}?{urlencode({'only': nine[0]})}", [nine[0]])]
            shown.append(Seen(site.unit(86), [name]))
        else:
            shown += [Seen(labelling, nine, browser), Seen(labelling, [])]
    return shown


def words(site: Site, texts: Sequence[str]) -> Shown:
    """A list of words that is drawn, one of which no font can draw."""
    sent = {"kind": "words", "model": site.server.slug, "layer": LAYER, "list": "\n".join([*texts, "\u4e00<b>"])}
    found = site.kept("/findings", json=sent)["url"]
    end = time.monotonic() + WAIT_S
    while CLIENT.get(f"{site.server.url}{found}.json").json()["status"] != "done":
        assert time.monotonic() < end, "the words were not drawn in time"
        time.sleep(0.2)
    return [Seen(found, []), Seen(f"{found}?unit=89", texts), Seen(site.unit(89), [])]


def surveys(site: Site, texts: Sequence[str]) -> Shown:
    """What somebody says units are, and their name, while the survey is not finished."""
    start = f"/models/{site.server.slug}/{LAYER}/survey"
    survey = site.kept(start, "survey", json={"name": texts[0]})["url"].rpartition("/")[0]
    for place, text in enumerate(texts, 1):
        site.kept(f"{survey}/{place}", "survey", json={"verdict": "interpretable", "words": text})
    own = [Seen(survey, texts, "survey"), *(Seen(f"{survey}/{n + 1}", [texts[n]], "survey") for n in range(2))]
    return [Seen(survey, texts[:1]), *own, Seen(start, texts[:1])]


def prompts(site: Site, texts: Sequence[str]) -> Shown:
    """Texts that a render makes large."""
    spec = {"model": site.server.slug, "layer": LAYER, "of": "prompt", "size": "32", "steps": "2"}
    found = [Seen(site.kept("/renders", json={**spec, "prompt": text})["url"], [text]) for text in texts]
    pair = [_last(each.address) for each in found[:2]]
    return [*found, Seen("/renders", texts), Seen(f"/compare?a={pair[0]}&b={pair[1]}", [texts[0]])]


def queries(site: Site, texts: Sequence[str]) -> Shown:
    """What an address says after its question mark, in pages and in errors; and in the path."""
    unit, layer = site.unit(87), f"/models/{site.server.slug}/{LAYER}"
    found: list[Seen] = []
    for text in texts:
        found += [Seen(f"/search?{urlencode({'q': text})}", [text]), Seen(f"{layer}?{urlencode({'q': text})}", [text])]
    one = texts[0]
    for path, query, said in (
        (f"{unit}/given", {"by": one}, True), (f"{unit}/given", {"by": "concept", "value": one}, True),
        (f"{unit}/given", {"value": one}, True), (f"{unit}/given", {"facet": one}, True),
        (unit, {"corpus": one}, True), (unit, {"facet": one}, True), (unit, {"view": one}, False), (unit, {"draw": one}, False),
        (layer, {"sort": one}, False), (layer, {"family": one}, True), (layer, {"after": one}, False), (layer, {"facet": one}, True),
        ("/compare", {"a": one, "b": one}, True), ("/visualize", {"model": one}, True), ("/visualize", {"layer": one}, True),
        ("/search", {"q": "a", "model": one}, True), ("/search", {"q": "a", "layer": one}, True), ("/search", {"q": "a", "facet": one}, True),
        ("/renders", {"before": one}, False), ("/lists", {"before": one}, False), ("/lists/0/edit", {"key": one}, False),
        ("/beside", {"q": one}, True), ("/beside", {"a": one}, True), ("/beside", {"layer_b": one}, True),
        (f"/models/{site.server.slug}/lab/text", {"q": one}, True), (f"/models/{site.server.slug}/lab/pictured", {"q": one}, True),
        (f"{layer}/quiz", {"corpus": one}, True), (f"/models/{site.server.slug}/families", {"family": one}, True),
        (f"/corpora/{site.server.slug}-corpus/3", {"unit": one}, False), (f"/corpora/{site.server.slug}-corpus/3", {"box": one}, False),
    ):  # fmt: skip
        found.append(Seen(f"{path}?{urlencode(query)}", [one] if said else []))
    part = texts[1].replace("/", "")
    paths = ("/{}", "/models/{}", "/models/{}/x/1", f"/models/{site.server.slug}/{{}}", "/lists/{}", "/facets/{}", "/findings/{}",
             "/labellings/{}", "/looks/{}", "/renders/{}", f"{unit}/{{}}", "/corpora/{}/1")  # fmt: skip
    return [*found, *(Seen(path.format(quote(part, safe="")), []) for path in paths)]


def refusals(site: Site, texts: Sequence[str]) -> Shown:
    """What was typed into a form and comes back with it, as a page of the browser's own."""
    unit = site.unit(88)
    forms = (
        (f"{unit}/labels", "text"), (f"{unit}/labels", "name"), (f"{unit}/notes", "note"), (f"{unit}/lists", "title"), ("/lists", "title"),
        ("/lists", "description"), ("/renders", "direction"), ("/renders", "prompt"), ("/renders", "preset"), ("/renders", "facet"),
        ("/renders", "size"), ("/findings", "unit"), (f"{unit}/facets", "preset"), ("/reveal", "back"),
    )  # fmt: skip
    place = {"model": site.server.slug, "layer": LAYER, "text": "\u202e"}
    return [
        Seen(json.dumps([path, {**place, name: f"{text}\u202e"}]), [text] if name in _ECHOED else [])
        for path, name in forms
        for text in texts
    ]


_ECHOED = {"text", "note", "title", "description", "direction"}

FIELDS = [
    Field("labels", lines(80), labels),
    Field("names", lines(40)[:90], names),
    Field("notes", packed([*vectors.MARKDOWN, *vectors.PLAIN], 4000, "\n\n"), notes),
    Field("lists", packed([*vectors.MARKDOWN, *vectors.PLAIN], 4000, "\n\n"), lists),
    Field("remarks", packed(lines(200), 200), remarks),
    Field("facets", packed(vectors.BREAKOUTS, 80)[:2], facets),
    Field("files", packed(vectors.EVERYTHING, 250)[:8], looks),
    Field("labellings", lines(40)[:18], labellings),
    Field("words", [text for text in lines(40) if not set(",;") & set(text) and text.isascii()][:15], words),
    Field("surveys", [text for text in lines(40) if text.isprintable()][:20], surveys),
    Field("prompts", packed(vectors.BREAKOUTS, 200)[:2], prompts),
    Field("queries", packed(vectors.BREAKOUTS, 200)[:3], queries),
    Field("refusals", [" ".join(vectors.BREAKOUTS[:9]), " ".join(vectors.EVENTS[:9])], refusals),
]


@pytest.fixture(scope="module")
def site(furnished_site: Server) -> Site:
    """The server, once the activations are recorded that some pages show."""
    site = Site(furnished_site)
    end = time.monotonic() + WAIT_S
    while CLIENT.get(f"{furnished_site.url}{site.unit(3)}.json").json()["record"]["status"]:
        assert time.monotonic() < end, "the activations were not recorded in time"
        time.sleep(0.2)
    return site


@dataclass
class Watched:
    """A page that notices scripts, reports and dialogs."""

    page: Page
    said: list[str]

    def trouble(self) -> list[str]:
        found = self.page.evaluate("() => [...window.ran, ...window.reported]") + self.page.evaluate(AUDIT)
        said, self.said[:] = list(self.said), []
        return [*found, *said]


@pytest.fixture(params=[False, True], ids=["under the content policy", "without it"])
def watched(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(bypass_csp=request.param)
    context.add_init_script(WATCH)
    context.set_default_timeout(60_000)
    page, said = context.new_page(), list[str]()

    def asked(dialog: Dialog) -> None:
        said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", asked)
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("console", lambda each: said.append(f"console: {each.text}") if "Content Security" in each.text else None)
    page.on("request", lambda each: said.append(f"asked for {each.url}") if "evil.invalid" in each.url else None)
    yield Watched(page, said)
    context.close()


def bare(text: str) -> str:
    """The letters and digits of a text, entities and percent signs undone: what is left of it however it is marked up."""
    plain = unicodedata.normalize("NFKC", unquote(html.unescape(unquote(html.unescape(text)))))
    return re.sub(r"[\W_]+", "", plain).lower()


def is_there(text: str, said: str) -> bool:
    """Whether a text can be read in what a page says; of a link that was understood, what is pressed and where it leads."""
    pieces = re.split(r"[\[\]\s]+", text) if text.startswith(("[", "![")) else [text]
    return bare(text) in said or all(bare(piece) in said for piece in pieces)


def visit(page: Page, site: Site, address: str, browser: str = "") -> None:
    """Open an address as a browser; one that is a form as JSON is sent as a form of the page that is open, so that it comes
    from the site itself."""
    page.context.clear_cookies()
    if browser:
        page.context.add_cookies([{"name": "facetscope_browser", "value": browser, "url": site.server.url}])
    if not address.startswith("["):
        page.goto(site.server.url + address, wait_until="load")
        return
    path, fields = json.loads(address)
    if not page.url.startswith(site.server.url):
        page.goto(f"{site.server.url}/lists")
    with page.expect_navigation(wait_until="load"):
        page.evaluate(
            """([path, fields]) => { const form = document.createElement('form'); form.method = 'post'; form.action = path;
              for (const [name, value] of Object.entries(fields)) { const input = document.createElement('textarea');
                input.name = name; input.value = value; form.append(input); }
              document.body.append(form); form.submit(); }""",
            [path, fields],
        )


_shown: dict[str, Shown] = {}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_no_script_runs_and_the_text_is_there(site: Site, watched: Watched, field: Field) -> None:
    if field.name not in _shown:
        _shown[field.name] = field.put(site, field.texts)
    wrong: dict[str, list[str]] = {}
    for address, texts, browser in _shown[field.name]:
        visit(watched.page, site, address, browser)
        found = watched.trouble()
        said = bare(watched.page.evaluate(TEXT)) if texts else ""
        parts = [part for text in texts for part in text.split("\n\n")]
        found += [f"not there: {part}" for part in parts if texts and not is_there(part, said)]
        if found:
            wrong[f"{address} {browser}"] = found
    assert wrong == {}


def test_what_cannot_be_printed_is_refused_and_shown_as_it_is(site: Site, watched: Watched) -> None:
    text = " ".join(vectors.UNPRINTABLE)
    assert site.post(f"{site.unit(89)}/notes", json={"note": text}).status_code == 422
    for name in ("labels", "notes"):
        field = {"labels": "text", "notes": "note"}[name]
        visit(watched.page, site, json.dumps([f"{site.unit(89)}/{name}", {field: text.replace("\x00", "")}]))
        assert watched.trouble() == []
        assert bare(text) in bare(watched.page.evaluate(TEXT))


def test_the_watch_notices_what_it_is_for(site: Site, watched: Watched) -> None:
    """A test that cannot fail proves nothing: here are pages that escape nothing."""
    for text in ("<img src=x onerror=alert(1)>", "<svg onload=alert(1)></svg>", "<a href='javascript:alert(1)'>x</a>"):
        watched.page.goto(f"{site.server.url}/lists")
        assert watched.trouble() == []
        watched.page.evaluate("text => { document.querySelector('main').innerHTML = text; }", text)
        watched.page.wait_for_timeout(100)
        assert watched.trouble(), text


def _last(url: str) -> str:
    return url.rpartition("/")[2]
