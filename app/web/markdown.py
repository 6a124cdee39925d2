"""A model card's Markdown as HTML: no markup of its own, nothing that our content policy forbids, no dead links."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from app.answers.models import CardPage, CardPicture
from app.microscope.card import parser, plain_text, title_at
from app.web import prose
from app.web.prose import anchor

LONG = 4  # sections from which a list of them helps
TAKEN = ("main", "find", "announce")  # ids that every page has already
# Each match ends where the next could begin, or at the end: a thousand open tags would be read a thousand times.
_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
_WEB = ("https://", "http://")


@dataclass(frozen=True)
class Section:
    """A section of a card: its anchor and its heading."""

    id: str
    text: str


@dataclass(frozen=True)
class CardText:
    """A card's text as HTML without its title, and its sections if there are enough of them to be listed."""

    html: Markup
    sections: list[Section]


def render(page: CardPage) -> CardText:
    """Turn a card into HTML.

    Headings get the anchors that they have on GitHub. HTML tags in the source are left out and the words between them
    stay. Links lead to the web, to a heading or to a picture of the card; others become plain text.
    """
    md = parser()
    tokens = md.parse(page.source)
    opens = title_at(tokens)
    if opens is not None:
        del tokens[opens : opens + 3]  # the page's own heading says it
    headings = _anchored(tokens)
    pictures = {picture.target: picture for picture in page.pictures}
    html = CardRenderer().render(tokens, md.options, {"anchors": set(headings), "pictures": pictures})
    sections = [Section(slug, text) for slug, (tag, text) in headings.items() if tag == "h2"]
    return CardText(Markup(html), sections if len(sections) >= LONG else [])


def _anchored(tokens: Sequence[Token]) -> dict[str, tuple[str, str]]:
    """Give headings their ids, and level two at the least; returns tag and words by id."""
    opening = [i for i, token in enumerate(tokens) if token.type == "heading_open"]
    deeper = any(tokens[i].tag == "h1" for i in opening)
    found: dict[str, tuple[str, str]] = {}
    for i in opening:
        text = plain_text(tokens[i + 1])
        tokens[i].tag = tokens[i + 2].tag = f"h{min(int(tokens[i].tag[1]) + deeper, 6)}"
        slug = _slug(text, (*TAKEN, *found))
        tokens[i].attrSet("id", slug)
        found[slug] = (tokens[i].tag, text)
    return found


def _slug(text: str, taken: Sequence[str]) -> str:
    """The anchor that GitHub gives a heading: words and hyphens, in lower case, numbered where it would come twice."""
    base = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") or "section"
    names = (base if number == 0 else f"{base}-{number}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


class CardRenderer(prose.Renderer):
    """HTML of a card's tokens. `env` has the card's `anchors` and `pictures`."""

    def _destination(self, link: Token, env: EnvType) -> str:
        href = str(link.attrs.get("href", ""))
        if href in env["pictures"]:
            return env["pictures"][href].url
        kept = href.startswith(_WEB) or (href.startswith("#") and unquote(href[1:]) in env["anchors"])
        return href if kept else ""

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Tags inside of text are left out."""
        return ""

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Of HTML between paragraphs the words stay."""
        words = unescape(_MARKUP.sub("", tokens[idx].content)).strip()
        return f"<p>{escapeHtml(words)}</p>\n" if words else ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A picture of ours, which opens itself; another one's words, with a link to it if it is on the web."""
        source = str(tokens[idx].attrs["src"])
        alt = escapeHtml(self.renderInlineAsText(tokens[idx].children, options, env))
        picture: CardPicture | None = env["pictures"].get(source)
        inside = self._inside_link(tokens, idx, env)
        if picture:
            size = f'width="{picture.width}" height="{picture.height}"'
            html = f'<img src="{escapeHtml(picture.url)}" alt="{alt}" {size} loading="lazy" decoding="async">'
            return html if inside else f'<a href="{escapeHtml(picture.url)}">{html}</a>'
        words = alt or "picture"
        return words if inside or not source.startswith(_WEB) else f"{anchor(source)}{words}</a>"

    def paragraph_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Paragraphs of nothing but pictures are marked: they may be wider than the text."""
        parts = tokens[idx + 1].children or []
        shown = any(part.attrs.get("src") in env["pictures"] for part in parts)
        if shown and all(part.type in ("image", "softbreak", "link_open", "link_close") for part in parts):
            tokens[idx].attrSet("class", "pictures")
        return self.renderToken(tokens, idx, options, env)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A table is a region of the card, by its number."""
        env["tables"] = env.get("tables", 0) + 1
        return f'<div class="table-wrap" tabindex="0" role="region" aria-label="Table {env["tables"]}">\n<table>\n'
