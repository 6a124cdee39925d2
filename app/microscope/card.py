"""Model cards: the `README.md` that a model folder brings, as on the Hugging Face hub, and the pictures it shows."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from app import urls
from app.answers.models import CardPage, CardPicture
from app.clip.entry import Entry
from app.errors import NotFound

FILE = "README.md"
MEDIA_TYPES = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)


class Card:
    """One model's card. It may be a link to a file elsewhere: pictures are looked for beside that file."""

    def __init__(self, entry: Entry, file: Path) -> None:
        self.entry = entry
        self.file = file.resolve()

    @classmethod
    def find(cls, entry: Entry) -> Self | None:
        """The card of a model that came in a folder, or None. The weights need not be there."""
        folder = entry.pretrained
        file = folder / FILE if isinstance(folder, Path) and folder.is_dir() else None
        return cls(entry, file) if file and file.is_file() else None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The card of a model. Raises `NotFound` with a sentence that says how a model comes by one."""
        card = cls.find(entry)
        if card is None:
            brought = (
                f"Put a {FILE} into its folder, beside the weights"
                if isinstance(entry.pretrained, Path) and entry.pretrained.is_dir()
                else f"Only a model served from a folder, as NAME@/path/to/folder, has one: its {FILE}"
            )
            raise NotFound(f"{entry.slug} has no model card. {brought}.")
        return card

    @cached_property
    def source(self) -> str:
        """Its Markdown without the YAML front matter."""
        text = self.file.read_text("utf-8-sig", errors="replace")
        return _FRONT_MATTER.sub("", text).lstrip("\n")

    @cached_property
    def licence(self) -> str:
        """What its front matter says under `license`; empty if it says nothing."""
        matter = _FRONT_MATTER.match(self.file.read_text("utf-8-sig", errors="replace"))
        said = matter and re.search(r"^license:[ \t]*(.+)$", matter.group(), re.MULTILINE)
        return said.group(1).strip(" \t\"'") if said else ""

    def page(self) -> CardPage:
        """The card as an answer."""
        tokens = parser().parse(self.source)
        return CardPage(
            model=self.entry.slug,
            name=self.entry.name,
            title=_title(tokens) or f"Model card of {self.entry.name}",
            url=urls.card(self.entry.slug),
            source=self.source,
            pictures=[picture for target in _targets(tokens) if (picture := self._measured(target))],
        )

    def picture(self, path: str) -> tuple[bytes, str]:
        """A picture in the card's folder and its media type. Raises `NotFound` for anything else."""
        found = self._inside(path)
        if found is None:
            raise NotFound(
                f"The model card of {self.entry.slug} has no picture {path}. It may show PNG, WebP and JPEG files that "
                "lie in its own folder."
            )
        return found.read_bytes(), MEDIA_TYPES[found.suffix.lower()]

    def _inside(self, path: str) -> Path | None:
        """The picture file of that path, if it lies in the card's folder wherever links may lead."""
        folder = self.file.parent
        try:
            found = (folder / path).resolve()
            shown = found.is_relative_to(folder) and found.suffix.lower() in MEDIA_TYPES and found.is_file()
        except (OSError, RuntimeError, ValueError):  # no path at all: too long, a loop of links, a null byte
            return None
        return found if shown else None

    def _measured(self, target: str) -> CardPicture | None:
        """The picture that a link or an image of the card points to, if it is one we can show."""
        path = unquote(target)
        file = self._inside(path)
        if file is None:
            return None
        try:
            with Image.open(file, formats=("PNG", "WEBP", "JPEG")) as image:
                width, height = image.size
        except (OSError, Image.DecompressionBombWarning, Image.DecompressionBombError):
            return None
        return CardPicture(target=target, url=urls.card_picture(self.entry.slug, path), width=width, height=height)


def parser() -> MarkdownIt:
    """The dialect of cards: CommonMark with tables, as on the hub. It finds HTML; the pages leave that out."""
    return MarkdownIt("commonmark").enable("table")


def title_at(tokens: Sequence[Token]) -> int | None:
    """Where the heading opens that is the card's title: its first, if that is of the first level."""
    first = next((i for i, token in enumerate(tokens) if token.type == "heading_open"), None)
    return first if first is not None and tokens[first].tag == "h1" else None


def plain_text(inline: Token) -> str:
    """The words of a piece of running text, without its marks."""
    words = {"text", "code_inline", "image"}
    return "".join(each.content if each.type in words else " " * (each.type == "softbreak") for each in _parts(inline))


def _title(tokens: Sequence[Token]) -> str:
    opens = title_at(tokens)
    return plain_text(tokens[opens + 1]) if opens is not None else ""


def _targets(tokens: Sequence[Token]) -> list[str]:
    """Where the card's images and links point, each once, in order."""
    parts = (part for token in tokens for part in _parts(token))
    found = (part.attrs.get("src") or part.attrs.get("href") for part in parts)
    return list(dict.fromkeys(str(target) for target in found if target))


def _parts(token: Token) -> list[Token]:
    return token.children or []
