"""A model's card: found in its folder, read without its front matter, and showing pictures of its own folder only."""

from pathlib import Path

import pytest

from app.clip import registry
from app.clip.entry import Entry
from app.errors import NotFound
from app.microscope.card import Card
from app.settings import ROOT
from tests.pictures import png, stripes, write_card


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    """A model whose card is a link to a file elsewhere."""
    folder = tmp_path / "model"
    folder.mkdir()
    write_card(tmp_path / "docs" / "small.md")
    (folder / "README.md").symlink_to("../docs/small.md")
    return Entry("small", "Small", "small", folder)


def test_a_card_has_a_title_and_no_front_matter(entry: Entry) -> None:
    page = Card.of(entry).page()
    assert page.title == "The small model"
    assert page.source.startswith("# The *small* model\n") and "license:" not in page.source


@pytest.mark.parametrize(
    ("text", "title", "source"),
    [
        ("\ufeff---\na: 1\n---\n\n# One\n", "One", "# One\n"),
        ("Words\n\n---\n\nmore\n\n---\n", "Model card of Small", "Words\n\n---\n\nmore\n\n---\n"),
        ("## First\n\n# Second\n", "Model card of Small", "## First\n\n# Second\n"),
        ("", "Model card of Small", ""),
    ],
)
def test_what_comes_first_in_a_card(tmp_path: Path, text: str, title: str, source: str) -> None:
    (tmp_path / "README.md").write_text(text, "utf-8")
    page = Card.of(Entry("small", "Small", "small", tmp_path)).page()
    assert (page.title, page.source) == (title, source)


def test_pictures_lie_beside_the_file_that_the_card_links_to(entry: Entry) -> None:
    (picture,) = Card.of(entry).page().pictures
    assert (
        picture.target == "sheets/some%20stripes.png" and picture.url == "/models/small/card/sheets/some%20stripes.png"
    )
    assert (picture.width, picture.height) == (96, 40)
    data, kind = Card.of(entry).picture("sheets/some stripes.png")
    assert data.startswith(b"\x89PNG") and kind == "image/png"


def test_a_card_shows_no_file_from_elsewhere_and_nothing_but_pictures(entry: Entry, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(png(stripes(1)))
    docs = tmp_path / "docs"
    (docs / "link.png").symlink_to(outside)
    (docs / "loop.png").symlink_to("loop.png")
    (docs / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    for path in ("../outside.png", str(outside), "link.png", "loop.png", "drawing.svg", "small.md", "sheets", "", "no.png",
                 "a\0.png", "x" * 300 + ".png"):  # fmt: skip
        with pytest.raises(NotFound, match="has no picture"):
            Card.of(entry).picture(path)


def test_a_file_that_only_says_it_is_a_picture_is_not_listed(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "docs" / "sheets" / "some stripes.png").write_bytes(b"no picture")
    assert Card.of(entry).page().pictures == []


def test_a_model_without_a_card_is_told_how_to_come_by_one(tiny_folder: Path) -> None:
    for entry, remedy in (
        (Entry("tiny", "tiny", "tiny", tiny_folder), "Put a README.md into its folder, beside the weights"),
        (registry.entry("RN50.openai"), "NAME@/path/to/folder"),
    ):
        assert Card.find(entry) is None
        with pytest.raises(NotFound, match=remedy):
            Card.of(entry)


def test_the_embedded_models_card_is_the_document_of_the_repository() -> None:
    card = Card.of(registry.entry("iconclip"))
    assert card.file == ROOT / "docs" / "demo-model.md"
    assert "iconclip" in card.page().title
