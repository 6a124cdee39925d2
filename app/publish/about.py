"""What a copy says of itself: what it shows, what it was made of, how to cite it, whose its pictures are."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

from pydantic import BaseModel

from app.answers.facets import FacetPage
from app.answers.models import LayerInfo, ModelInfo
from app.answers.renders import RenderPage
from app.corpus.index import Index
from app.microscope import Microscope
from app.microscope.card import Card
from app.publish.contents import Contents
from app.settings import VERSION

RIGHTS = ("license", "licence", "rights", "author", "credit", "attribution", "copyright")
"""Columns of a corpus' records that say whose a picture is."""

PAPER = {"title": "Multimodal Neurons in Artificial Neural Networks", "doi": "10.23915/distill.00030", "year": 2021}
_PAPER_AUTHORS = "Goh Cammarata Voss Carter Petrov Schubert Radford Olah"


class Rights(BaseModel):
    """What the corpus' records say of so many of the pictures shown."""

    said: str
    pictures: int


class Layer(BaseModel):
    """A layer in the copy, with so many of its units."""

    layer: LayerInfo
    units: int


class About(BaseModel):
    """The page that a copy begins with. `weights` and `corpus_hash` name contents: equal ones are the same model and the
    same pictures. `licence` is what the publisher says, `card_licence` what the model's card does."""

    title: str
    model: ModelInfo
    weights: str
    corpus: str
    corpus_hash: str
    images: int
    made: date
    version: str
    authors: list[str]
    layers: list[Layer]
    renders: list[RenderPage]
    facets: list[FacetPage]
    licence: str
    card_licence: str
    rights: list[Rights]

    @property
    def by(self) -> list[str]:
        """Whom to cite."""
        return self.authors or ["Facetscope"]

    @property
    def bibtex(self) -> str:
        """An entry for a bibliography."""
        key = re.sub(r"[^a-z0-9]+", "-", f"facetscope-{self.model.slug.partition('@')[0]}-{self.made}".lower())
        authors = " and ".join(self.authors) or "{Facetscope}"  # in braces: one name, not a first and a last
        note = f"Made with Facetscope {self.version}; weights {self.weights}, pictures {self.corpus_hash}"
        fields = {"title": self.title, "author": authors, "year": str(self.made.year), "note": note}
        return f"@misc{{{key},\n" + "".join(f"  {name} = {{{_tex(text)}}},\n" for name, text in fields.items()) + "}"

    @property
    def citation(self) -> str:
        """The same as a CITATION.cff: YAML, in which JSON's strings are strings."""
        lines = [
            "cff-version: 1.2.0",
            "message: If you refer to what these pages show, please cite them, and the paper whose method they use.",
            "type: dataset",
            f"title: {_text(self.title)}",
            "authors:",
            *(f"  - name: {_text(name)}" for name in self.by),
            f"version: {_text(self.version)}",
            f"date-released: {self.made}",
            f"abstract: {_text(f'Model {self.model.slug}, weights {self.weights}; corpus {self.corpus}, {self.corpus_hash}')}",
            "references:",
            "  - type: article",
            f"    title: {_text(str(PAPER['title']))}",
            f"    doi: {PAPER['doi']}",
            f"    year: {PAPER['year']}",
            "    journal: Distill",
            "    authors:",
            *(f"      - family-names: {name}" for name in _PAPER_AUTHORS.split()),
        ]
        return "\n".join(lines) + "\n"


def describe(
    microscope: Microscope, contents: Contents, credited: Collection[str], authors: list[str], licence: str
) -> About:
    """What a copy of these contents says of itself; `credited` has what is recorded of each picture's rights."""
    index, model = microscope.indexes.need(contents.slug), microscope.browser.model(contents.slug)
    card = Card.find(microscope.residents.entry(contents.slug))
    layers = [
        Layer(layer=each, units=len(contents.units[each.name])) for each in model.layers if each.name in contents.units
    ]
    return About(
        title=f"What drives units of {', '.join(contents.units)} of {contents.slug.partition('@')[0]}",
        model=model,
        weights=index.manifest.weights_hash,
        corpus=index.manifest.name,
        corpus_hash=index.manifest.corpus_hash,
        images=index.manifest.images,
        made=datetime.now(UTC).date(),
        version=VERSION,
        authors=authors,
        layers=layers,
        renders=list(contents.renders),
        facets=list(contents.facets),
        licence=licence,
        card_licence=card.licence if card else "",
        rights=[Rights(said=said, pictures=count) for said, count in Counter(credited).most_common()],
    )


def credits(index: Index, files: Iterable[str], columns: Collection[str] = RIGHTS) -> dict[str, str]:
    """What the corpus' records say, in these columns, of whose each of its pictures among the `files` is."""
    picture = re.compile(rf"corpora/{re.escape(index.manifest.name)}/images/(\d+)\.webp")
    shown = {int(found.group(1)): found.group() for found in map(picture.fullmatch, files) if found}
    records = index.records(sorted(shown))
    said = {shown[number]: _said(record, columns) for number, record in records.items()}
    return {file: text for file, text in said.items() if text}


def _said(record: dict[str, str], columns: Collection[str]) -> str:
    return ", ".join(value for name, value in record.items() if name.lower() in columns and value)


def _tex(text: str) -> str:
    return re.sub(r"[&%$#_]", r"\\\g<0>", text)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
