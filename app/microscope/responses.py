"""What a corpus does to a unit, in the words of the answers: examples with boxes, bands, histogram, moments."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from app import urls
from app.answers.examples import Duplicate, Example, Histogram, Shown, Stats, Stratum, View, ViewLink, Way
from app.clip.layers import Layer
from app.corpus.bands import Entry
from app.corpus.columns import Columns
from app.corpus.draws import UNIFORM, uniform
from app.corpus.fingerprint import folded
from app.corpus.index import Index
from app.corpus.kept import kept
from app.corpus.look import box
from app.errors import NotFound

TOP = 24
BOTTOM = 12
OF_BAND = 6
WAY_COLUMN = "kind"
WAYS, WAY_EXAMPLES = 4, 4
CARD_EXAMPLES = 5  # one may stand for the unit, four beside it
VIEWS: dict[View, str] = {"picture": "whole picture", "heat": "heat map", "crop": "crop"}

Address = Callable[[View, int], str]
"""From a view and a draw to the page that shows them."""


def responses(
    index: Index, layer: Layer, unit: int, columns: Columns | None, view: View, draw: int, address: Address
) -> dict[str, object]:
    """What the corpus does to a unit, as the fields of a unit page. Raises `NotFound` for a draw that there is not."""
    found, more = _seen(index, layer, unit, columns, view, draw)
    return {
        **found,
        "views": [ViewLink(view=each, name=name, url=address(each, draw)) for each, name in VIEWS.items()],
        "again": address(view, draw + 1) if more else None,
    }


@kept()
def _seen(
    index: Index, layer: Layer, unit: int, columns: Columns | None, view: View, draw: int
) -> tuple[dict[str, object], bool]:
    """What no address says: it is the same for everybody, as long as the index is. And whether there is a next draw."""
    seen = index.unit(layer.name, unit)
    bands = columns.bands(layer.name, unit) if columns else seen.bands

    def shown(entries: Sequence[Entry], most: int | None = None) -> list[Example]:
        return examples(index, layer, unit, entries, columns, view, most)

    drawn, more = _random(index, layer.name, unit, columns, view, draw)
    fields: dict[str, object] = {
        "stats": Stats(**asdict(seen.stats)),
        "histogram": Histogram(edges=seen.edges, counts=seen.counts),
        "examples": shown(seen.top, TOP),
        "ways": ways(index, layer, unit, seen.top, columns, view),
        "bottom": shown(seen.bottom, BOTTOM),
        "strata": [
            Stratum(
                low=band.low, high=band.high, count=band.count, fair=band.fair, examples=shown(band.entries, OF_BAND)
            )
            for band in bands
        ],
        "view": view,
        "draw": draw,
        "random": drawn,
    }
    return fields, more


def examples(
    index: Index,
    layer: Layer,
    unit: int,
    entries: Sequence[Entry],
    columns: Columns | None = None,
    view: View = "picture",
    most: int | None = None,
) -> list[Example]:
    """Index entries as dataset examples, with the box of the place where the unit fires most: at most `most`. With columns,
    an image that nearly duplicates one before it is folded into that one."""
    in_sd = _standard(index, layer.name, unit)
    groups = folded(columns.fingerprints([entry.image for entry in entries])) if columns and entries else None
    found: list[Example] = []
    for group in groups or [[position] for position in range(len(entries))]:
        if len(found) == most:
            break
        first, *rest = (entries[position] for position in group)
        found.append(
            Example(
                image=_picture(index, layer.name, unit, first.image, view),
                page=urls.corpus_page(index.manifest.name, first.image, layer.name, unit),
                caption=_caption(index, first.image),
                activation=first.activation,
                sd=in_sd(first.activation),
                box=box(layer, first.place),
                duplicates=len(rest),
                alike=[
                    Duplicate(
                        image=urls.corpus_image(index.manifest.name, each.image),
                        page=urls.corpus_page(index.manifest.name, each.image, layer.name, unit),
                        sd=in_sd(each.activation),
                    )
                    for each in rest
                ],
            )
        )
    return found


def _picture(index: Index, layer: str, unit: int, image: int, view: View) -> str:
    corpus = index.manifest.name
    if view == "picture":
        return urls.corpus_image(corpus, image)
    return {"heat": urls.corpus_heat, "crop": urls.corpus_crop}[view](corpus, image, layer, unit)


def _caption(index: Index, image: int) -> str:
    record = index.record(image)
    return str(record.get("caption") or record.get("key", ""))


def _standard(index: Index, layer: str, unit: int) -> Callable[[float], float]:
    """What puts a unit's activations into standard deviations from their mean."""
    mean, std = float(index.mean(layer)[unit]), float(index.std(layer)[unit])
    return lambda activation: (activation - mean) / std if std > 0 else 0.0


def _random(
    index: Index, layer: str, unit: int, columns: Columns | None, view: View, draw: int
) -> tuple[list[Shown], bool]:
    """A draw of the corpus' images, none without columns, and whether there is a next one."""
    drawn = uniform(len(index), draw)
    if not drawn:
        last = -(-len(index) // UNIFORM)
        raise NotFound(f"draw: {len(index):,} images give {last:,} draws of {UNIFORM}; there is no draw {draw}.")
    if columns is None:
        return [], False
    in_sd = _standard(index, layer, unit)
    values = columns.some(layer, unit, drawn).tolist()
    pictures = [
        Shown(
            image=_picture(index, layer, unit, image, view),
            page=urls.corpus_page(index.manifest.name, image, layer, unit),
            caption=_caption(index, image),
            activation=value,
            sd=in_sd(value),
        )
        for image, value in zip(drawn, values, strict=True)
    ]
    return pictures, bool(uniform(len(index), draw + 1))


def ways(
    index: Index,
    layer: Layer,
    unit: int,
    entries: Sequence[Entry],
    columns: Columns | None = None,
    view: View = "picture",
) -> list[Way]:
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
        Way(
            name=kind,
            count=len(found),
            examples=examples(index, layer, unit, found, columns, view, WAY_EXAMPLES),
        )
        for kind, found in list(kinds.items())[:WAYS]
    ]


def strongest_pictures(index: Index, layer: str, unit: int) -> list[str]:
    """The addresses of the pictures that drive a unit most."""
    return [urls.corpus_image(index.manifest.name, image) for image in index.top(layer, unit, CARD_EXAMPLES)]
