"""Every address of the application, built in one place; templates and JSON never concatenate paths."""

import re
from urllib.parse import quote, urlencode

# as most are: a page has hundreds
PLAIN_PATH = re.compile(r"[A-Za-z0-9._~:@/-]*")
PLAIN_QUERY = re.compile(r"[A-Za-z0-9._~=&-]*")


def _path(*segments: str | int) -> str:
    path = "/".join(map(str, segments))
    if PLAIN_PATH.fullmatch(path) and path.count("/") == len(segments) - 1:
        return f"/{path}"
    return "/" + "/".join(_segment(str(segment)) for segment in segments)


def _segment(text: str) -> str:
    """Quote one segment. A slash inside (a checkpoint's path in a model's slug) is quoted twice, and so is a percent sign:
    servers undo one of both."""
    return quote(text.replace("%", "%25").replace("/", "%2F"), safe=":@")


def with_query(path: str, **query: str | int | float | None) -> str:
    """Append the given query, leaving out what is None or empty."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    if not given:
        return path
    plain = "&".join([f"{name}={value}" for name, value in given.items()])
    if PLAIN_QUERY.fullmatch(plain) and plain.count("=") == len(given) == plain.count("&") + 1:
        return f"{path}?{plain}"
    return f"{path}?{urlencode(given)}"


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
    """A picture of a model's card by its path relative to the card, which is no name: the server takes it as it is."""
    return f"{card(slug)}/{quote(path)}"


def families(slug: str, **choice: str | int | None) -> str:
    """A tour of a model's families of units: of a `kind`, `layer` and `corpus`, or of one `family` alone."""
    return with_query(_path("models", slug, "families"), **choice)


def beside(**choice: str | int | None) -> str:
    """Two layers side by side: `a` and `b` are models, `layer_a` and `layer_b` their layers; asked words `q` or a `unit`."""
    return with_query("/beside", **choice)


def layer(slug: str, name: str) -> str:
    return _path("models", slug, name)


def unit(slug: str, layer_name: str, index: int) -> str:
    return _path("models", slug, layer_name, index)


def random_unit(slug: str | None = None, layer_name: str | None = None, **choice: str | None) -> str:
    """A unit drawn by chance: of a layer, or of the default model's default layer."""
    path = _path("models", slug, layer_name, "random") if slug and layer_name else "/random"
    return with_query(path, **choice)


def given(slug: str, layer_name: str, index: int, **choice: str | None) -> str:
    """A unit's activation given the label `value` in the column `by` of a `corpus`, or given a `facet`."""
    return with_query(_path("models", slug, layer_name, index, "given"), **choice)


def by_facet(slug: str, layer_name: str, index: int, corpus: str | None = None) -> str:
    """A unit's dataset examples under every facet."""
    return with_query(_path("models", slug, layer_name, index, "by-facet"), corpus=corpus)


def alike(slug: str, layer_name: str, index: int, corpus: str | None = None) -> str:
    """The units that are active on the same images."""
    return with_query(_path("models", slug, layer_name, index, "alike"), corpus=corpus)


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


def notes(slug: str, layer_name: str, index: int, action: str = "") -> str:
    """Where people write a note about a unit; vote on one (`votes`), or take theirs back (`undo`)."""
    return _path("models", slug, layer_name, index, "notes", *filter(None, [action]))


def layer_labels(slug: str, layer_name: str, suffix: str, corpus: str | None = None) -> str:
    """All labels of a layer as a file: `json` or `csv`."""
    return with_query(_path("models", slug, layer_name, f"labels.{suffix}"), corpus=corpus)


def examples_file(slug: str, layer_name: str, index: int, corpus: str | None = None) -> str:
    """A unit's examples as a CSV file."""
    return with_query(_path("models", slug, layer_name, index, "examples.csv"), corpus=corpus)


def units_file(slug: str, layer_name: str, suffix: str, corpus: str | None = None) -> str:
    """All units of a layer, one a row, as a file: `csv`, `parquet` or `json`."""
    return with_query(_path("models", slug, layer_name, f"units.{suffix}"), corpus=corpus)


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


def corpus_heat(corpus: str, index: int, layer_name: str, unit_number: int) -> str:
    """The picture with a unit's map over it."""
    return _path("corpora", corpus, "images", index, "heat", layer_name, f"{unit_number}.webp")


def corpus_crop(corpus: str, index: int, layer_name: str, unit_number: int) -> str:
    """The part of the picture around the place where a unit fires most."""
    return _path("corpora", corpus, "images", index, "crop", layer_name, f"{unit_number}.webp")


def corpus_page(corpus: str, index: int, layer_name: str | None = None, unit_number: int | None = None) -> str:
    """The page of one corpus image: the picture, its caption and the units it drives; with what a unit does on it."""
    on = None if layer_name is None else f"{layer_name}/{unit_number}"
    return with_query(_path("corpora", corpus, index), unit=on)


def deletion(thing: str) -> str:
    """Where what is at the address `thing` is deleted."""
    return f"{thing}/delete"


def unit_label_delete(slug: str, layer_name: str, index: int, text: str | None = None) -> str:
    """Where a label of a unit is deleted, whoever gave it."""
    return with_query(_path("models", slug, layer_name, index, "labels", "delete"), text=text)


def render_pin(render_id: str) -> str:
    """Where a render's pictures are kept from being cleared."""
    return _path("renders", render_id, "pin")


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


def words(finding_id: str, index: int | None, *, centred: bool = False) -> str:
    """What drawn words do to one unit of a layer, or to all."""
    return with_query(finding(finding_id), unit=index, centred=1 if centred else None)


def words_file(finding_id: str, index: int, suffix: str) -> str:
    """All words of a unit as a file: `csv` or `json`."""
    return with_query(_path("findings", finding_id, f"words.{suffix}"), unit=index)


def word_sheet(finding_id: str, word: str) -> str:
    """A word as it was drawn, in all ways."""
    return with_query(_path("findings", finding_id, "drawn.webp"), word=word)


def regions(finding_id: str, mode: str, isolate: int | None = None) -> str:
    """A region map in one of its modes, or one unit of it."""
    return with_query(finding(finding_id), mode=None if mode == "countries" else mode, isolate=isolate)


def region_picture(finding_id: str, name: str, index: int | None = None) -> str:
    """A picture of a region map: `cells.png`, of all its units or of one, `name.webp` or `crops.webp`."""
    return with_query(_path("findings", finding_id, name), unit=index)


def composition(finding_id: str, word: str | None) -> str:
    """Words as sums of units, one of them large."""
    return with_query(finding(finding_id), word=word)


def composition_file(finding_id: str, suffix: str) -> str:
    """All words of a composition with all units, to keep."""
    return _path("findings", finding_id, f"composition.{suffix}")


def attack_row(finding_id: str, number: int) -> str:
    """A table of attacks with the pictures and units of one row."""
    return with_query(finding(finding_id), row=number)


def attack_csv(finding_id: str) -> str:
    """All that a table of attacks counted."""
    return _path("findings", finding_id, "attacks.csv")


def attacked(finding_id: str, number: int, place: int) -> str:
    """One of a table's pictures with the text of a row on it."""
    return _path("findings", finding_id, "attacked", number, f"{place}.webp")


def stimulus(finding_id: str, ink: int, word: int) -> str:
    """A word of a Stroop test in an ink, each by its place."""
    return _path("findings", finding_id, "stimuli", ink, f"{word}.webp")


def stimuli(finding_id: str, ink: int, word: int) -> str:
    """The same, drawn in all ways."""
    return _path("findings", finding_id, "stimuli", ink, word, "all.webp")


def codes(finding_id: str, level: int | None = None, *, after: int | None = None, q: str | None = None) -> str:
    """Sparse codes at one level, or at that which is shown first."""
    return with_query(finding(finding_id), level=level, after=after, q=q)


def codes_file(finding_id: str, level: int, suffix: str) -> str:
    """All weights of a level as a file: `csv` or `json`."""
    return with_query(_path("findings", finding_id, f"codes.{suffix}"), level=level)


def lab(slug: str, instrument: str | None = None, **values: str | int | float | None) -> str:
    """The laboratory of a model, or the form of one instrument, filled in with `values`."""
    return with_query(_path("models", slug, "lab", *filter(None, [instrument])), **values)


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


def quiz_start(slug: str, layer_name: str, index: int | None = None, corpus: str | None = None) -> str:
    """Where a quiz on a unit begins, or one on units of a layer drawn by chance."""
    place = ("models", slug, layer_name) if index is None else ("models", slug, layer_name, index)
    return with_query(_path(*place, "quiz"), corpus=corpus)


def quiz(quiz_id: str) -> str:
    return _path("quizzes", quiz_id)


def quiz_trial(quiz_id: str, number: int) -> str:
    """One question of a quiz, from 1: also where its answer is sent."""
    return _path("quizzes", quiz_id, number)


def quiz_picture(quiz_id: str, number: int, place: int) -> str:
    """The first (1) or second (2) picture of a question, under an address that says nothing of it."""
    return _path("quizzes", quiz_id, number, f"{place}.webp")


def survey_start(slug: str, layer_name: str, corpus: str | None = None) -> str:
    """Where a survey of a layer begins."""
    return with_query(_path("models", slug, layer_name, "survey"), corpus=corpus)


def survey(survey_id: str) -> str:
    return _path("surveys", survey_id)


def survey_unit(survey_id: str, place: int) -> str:
    """The unit at a place of a survey, from 1: also where what is judged of it is sent."""
    return _path("surveys", survey_id, place)


def unit_list(list_id: str, action: str = "") -> str:
    """A list of units; or where its owner changes it."""
    return _path("lists", list_id, *filter(None, action.split("/")))


def list_edit(list_id: str, key: str) -> str:
    """The edit link of a list: whoever has it may change the list."""
    return with_query(unit_list(list_id, "edit"), key=key)


def listing(slug: str, layer_name: str, index: int) -> str:
    """Where a unit is put on one of one's lists."""
    return _path("models", slug, layer_name, index, "lists")
