"""Markdown as HTML that is safe to show: what model cards share with the notes that people write, and those notes."""

import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

REL = "nofollow noopener"
WORDY = 24  # characters of a table's cell from which it must not be squeezed to a word a line
REMEMBERED = 1024  # notes whose HTML is kept
_KEPT = re.compile(r"https?://[^/\\]|/(?![/\\])", re.IGNORECASE)


@lru_cache(maxsize=REMEMBERED)
def prose(text: str, below: int = 2) -> Markup:
    """What people wrote as HTML, its headings below those of level `below`.

    Links lead to the web or to a page of this server; what would lead anywhere else stays text, as HTML tags do. A
    picture becomes a link to it.
    """
    md = People("commonmark", {"html": False, "breaks": True}).enable("table")
    tokens = md.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + below, 6)}"
    return Markup(Renderer().render(tokens, md.options, {}))


class People(MarkdownIt):
    """The dialect of notes: CommonMark with tables, without HTML."""

    def validateLink(self, url: str) -> bool:
        """Whether a destination, entities decoded and the rest percent-encoded, is on the web or on this server."""
        return bool(_KEPT.match(url))


class Renderer(RendererHTML):
    """HTML of tokens that our content policy allows; each method renders the token it is named after."""

    def _destination(self, link: Token, env: EnvType) -> str:
        """Where a link may lead; empty for one that would lead to nothing here."""
        return str(link.attrs.get("href", ""))

    def _inside_link(self, tokens: Sequence[Token], idx: int, env: EnvType) -> bool:
        """Whether a link is open there that leads somewhere; links do not nest."""
        for token in reversed(tokens[:idx]):
            if token.type in ("link_open", "link_close"):
                return token.type == "link_open" and bool(self._destination(token, env))
        return False

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link, if it leads somewhere."""
        href = self._destination(tokens[idx], env)
        return anchor(href, str(tokens[idx].attrs.get("title", ""))) if href else ""

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The end of a link that leads somewhere."""
        return "</a>" if self._inside_link(tokens, idx, env) else ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A picture's words, with a link to it: nothing is loaded from elsewhere."""
        source, title = str(tokens[idx].attrs["src"]), str(tokens[idx].attrs.get("title", ""))
        words = escapeHtml(self.renderInlineAsText(tokens[idx].children, options, env)) or "picture"
        return words if self._inside_link(tokens, idx, env) else f"{anchor(source, title)}{words}</a>"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A table scrolls in a box of its own."""
        return '<div class="table-wrap" tabindex="0" role="group" aria-label="Table">\n<table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The end of a table and its box."""
        return "</table>\n</div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A column's head; an empty one heads nothing and is a plain cell."""
        if tokens[idx + 1].content:
            tokens[idx].attrSet("scope", "col")
        else:
            tokens[idx].tag = tokens[idx + 2].tag = "td"
        return self.td_open(tokens, idx, options, env)

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Alignment as a class: the content policy allows no style attribute. Cells of many words get some width."""
        align = str(tokens[idx].attrs.pop("style", "")).rpartition(":")[2]
        wordy = "wordy" if len(tokens[idx + 1].content) > WORDY else ""
        names = " ".join(filter(None, ({"right": "num", "center": "center"}.get(align), wordy)))
        if names:
            tokens[idx].attrSet("class", names)
        return self.renderToken(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Code, which scrolls by the keyboard too."""
        return f'<pre tabindex="0"><code>{escapeHtml(tokens[idx].content)}</code></pre>\n'

    code_block = fence


def anchor(href: str, title: str = "") -> str:
    """The opening tag of a link that somebody else wrote."""
    token = Token("link_open", "a", 1, attrs={"href": href})
    if title:
        token.attrSet("title", title)
    if not href.startswith("#"):
        token.attrSet("rel", REL)
    return f"<a{Renderer.renderAttrs(token)}>"
