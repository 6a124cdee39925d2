"""Every address of the application, built in one place; templates and JSON never concatenate paths."""

from urllib.parse import quote, urlencode


def _path(*segments: str | int) -> str:
    return "/" + "/".join(_segment(str(segment)) for segment in segments)


def _segment(text: str) -> str:
    """Quote one segment. A slash inside (a checkpoint's path in a model's slug) is quoted twice: servers undo one."""
    return quote(text.replace("/", "%2F"), safe=":@")


def with_query(path: str, **query: str | int | float | None) -> str:
    """Append the given query, leaving out what is None or empty."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def json_twin(path: str) -> str:
    """The address of the same page as JSON: the suffix goes before the query."""
    base, mark, query = path.partition("?")
    return f"{base}.json{mark}{query}"


def model(slug: str) -> str:
    return _path("models", slug)


def card(slug: str) -> str:
    """The card of a model."""
    return _path("models", slug, "card")


def card_picture(slug: str, path: str) -> str:
    """A picture of a model's card by its path relative to the card."""
    return _path("models", slug, "card", *path.split("/"))


def layer(slug: str, name: str) -> str:
    return _path("models", slug, name)


def unit(slug: str, layer_name: str, index: int) -> str:
    return _path("models", slug, layer_name, index)


def given(slug: str, layer_name: str, index: int, **choice: str | None) -> str:
    """A unit's activation given the label `value` in the column `by` of a `corpus`."""
    return with_query(_path("models", slug, layer_name, index, "given"), **choice)


def activations(slug: str, layer_name: str, index: int, suffix: str, corpus: str | None = None) -> str:
    """A unit's activation on every image of a corpus, as a file: `csv` or `parquet`."""
    return with_query(_path("models", slug, layer_name, index, f"activations.{suffix}"), corpus=corpus)


def unit_labels(slug: str, layer_name: str, index: int) -> str:
    """Where people say what they call a unit."""
    return _path("models", slug, layer_name, index, "labels")


def unit_labels_undo(slug: str, layer_name: str, index: int) -> str:
    """Where they take it back."""
    return _path("models", slug, layer_name, index, "labels", "undo")


def label_votes(slug: str, layer_name: str, index: int) -> str:
    """Where they vote on a unit's automatic label."""
    return _path("models", slug, layer_name, index, "labels", "votes")


def layer_labels(slug: str, layer_name: str, suffix: str, corpus: str | None = None) -> str:
    """All labels of a layer as a file: `json` or `csv`."""
    return with_query(_path("models", slug, layer_name, f"labels.{suffix}"), corpus=corpus)


def facet_table(slug: str, layer_name: str, index: int, **choice: str | float) -> str:
    """A unit without a facet and with each, of the preset, strength and seed in `choice`."""
    return with_query(_path("models", slug, layer_name, index, "facets"), **choice)


def facet_table_events(table: str) -> str:
    """The stream of the facet table at the address `table`."""
    path, mark, query = table.partition("?")
    return f"{path}/events{mark}{query}"


def gallery_picture(slug: str, layer_name: str, index: int, facet: str = "any") -> str:
    """The prebuilt gallery render of a unit."""
    return _path("gallery", slug, layer_name, facet, f"{index}.webp")


def corpus_image(corpus: str, index: int) -> str:
    """The picture as the model sees it: square, at most 256 px, WebP."""
    return _path("corpora", corpus, "images", f"{index}.webp")


def corpus_page(corpus: str, index: int) -> str:
    """The page of one corpus image: the picture, its caption and the units it drives."""
    return _path("corpora", corpus, index)


def facet(facet_id: str) -> str:
    return _path("facets", facet_id)


def facet_events(facet_id: str) -> str:
    return _path("facets", facet_id, "events")


def blob(blob_id: str) -> str:
    """A stored picture that people uploaded, re-encoded: WebP, immutable."""
    return _path("blobs", f"{blob_id}.webp")


def visualize(slug: str | None = None, layer_name: str | None = None) -> str:
    """Where a render of anything starts."""
    return with_query("/visualize", model=slug, layer=layer_name)


def render_seeds(render_id: str) -> str:
    """The same picture from other seeds."""
    return _path("renders", render_id, "seeds")


def render(render_id: str) -> str:
    return _path("renders", render_id)


def render_events(render_id: str) -> str:
    return _path("renders", render_id, "events")


def render_cancel(render_id: str) -> str:
    return _path("renders", render_id, "cancel")


def frame(render_id: str, step: int) -> str:
    return _path("renders", render_id, "frames", f"{step}.webp")


def render_image(render_id: str) -> str:
    """The finished picture, lossless PNG."""
    return _path("renders", render_id, "picture.png")


def comparison(left: str, right: str) -> str:
    """Two renders side by side."""
    return with_query("/compare", a=left, b=right)


def render_film(render_id: str) -> str:
    """How a finished picture grew, animated WebP."""
    return _path("renders", render_id, "film.webp")


def render_spec(render_id: str) -> str:
    """What made a picture, as JSON that makes it again."""
    return _path("renders", render_id, "spec.json")


def finding(finding_id: str) -> str:
    """What an instrument found."""
    return _path("findings", finding_id)


def finding_events(finding_id: str) -> str:
    return _path("findings", finding_id, "events")


def finding_cancel(finding_id: str) -> str:
    return _path("findings", finding_id, "cancel")


def labellings(slug: str, layer_name: str, index: int) -> str:
    """Where a blind labelling of a unit's pictures begins."""
    return _path("models", slug, layer_name, index, "labellings")


def labelling(labelling_id: str, *, only: str | None = None) -> str:
    """A blind labelling; with one category set against all others."""
    return with_query(_path("labellings", labelling_id), only=only)


def labelling_action(labelling_id: str, action: str) -> str:
    return _path("labellings", labelling_id, action)


def look(look_id: str) -> str:
    return _path("looks", look_id)
