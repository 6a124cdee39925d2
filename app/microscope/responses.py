"""What a corpus does to a unit, in the words of the answers: examples with boxes, bands, histogram, moments."""

from collections.abc import Sequence
from dataclasses import asdict

from app import urls
from app.answers import Example, Histogram, Stats, Stratum, Way
from app.clip.layers import Layer
from app.corpus.index import Index
from app.corpus.look import box
from app.corpus.unit import Entry

TOP = 24
BOTTOM = 12
WAY_COLUMN = "kind"
WAYS, WAY_EXAMPLES = 6, 6
CARD_EXAMPLES = 5  # one may stand for the unit, four beside it


def responses(index: Index, layer: Layer, unit: int) -> dict[str, object]:
    """What the corpus does to a unit, as the fields of a unit page."""
    seen = index.unit(layer.name, unit)
    return {
        "stats": Stats(**asdict(seen.stats)),
        "histogram": Histogram(edges=seen.edges, counts=seen.counts),
        "examples": examples(index, layer, unit, seen.top[:TOP]),
        "ways": ways(index, layer, unit, seen.top),
        "bottom": examples(index, layer, unit, seen.bottom[:BOTTOM]),
        "strata": [
            Stratum(low=band.low, high=band.high, examples=examples(index, layer, unit, band.entries))
            for band in seen.bands
        ],
    }


def examples(index: Index, layer: Layer, unit: int, entries: Sequence[Entry]) -> list[Example]:
    """Index entries as dataset examples, with the box of the place where the unit fires most."""
    mean, std = float(index.mean(layer.name)[unit]), float(index.std(layer.name)[unit])
    return [
        Example(
            image=urls.corpus_image(index.manifest.name, entry.image),
            page=urls.corpus_page(index.manifest.name, entry.image),
            caption=str(index.record(entry.image).get("caption") or index.record(entry.image).get("key", "")),
            activation=entry.activation,
            sd=(entry.activation - mean) / std if std > 0 else 0.0,
            box=box(layer, entry.place),
        )
        for entry in entries
    ]


def ways(index: Index, layer: Layer, unit: int, entries: Sequence[Entry]) -> list[Way]:
    """Entries, strongest first, by the `kind` that the corpus records of each: the kind of the strongest one first.

    A unit that stands for a thing and not for a look has examples of several kinds.
    """
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        if kind := index.record(entry.image).get(WAY_COLUMN):
            kinds.setdefault(kind, []).append(entry)
    if len(kinds) < 2:
        return []
    return [
        Way(name=kind, count=len(found), examples=examples(index, layer, unit, found[:WAY_EXAMPLES]))
        for kind, found in list(kinds.items())[:WAYS]
    ]


def strongest_pictures(index: Index, layer: str, unit: int) -> list[str]:
    """The addresses of the pictures that drive a unit most."""
    return [urls.corpus_image(index.manifest.name, image) for image in index.top(layer, unit, CARD_EXAMPLES)]
