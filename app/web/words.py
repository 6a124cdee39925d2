"""Numbers and scores in plain words, for the templates."""

from collections.abc import Sequence
from typing import Any

from app.answers.examples import UnitOnImage
from app.answers.given import GivenPage, TwoSets
from app.answers.renders import FacetPull, RenderPage
from app.answers.surveys import Verdict
from app.spec import PRESETS, Aim, Of, RenderSpec

AIMS: dict[Aim, str] = {
    "unit": "the unit, all over the picture",
    "centre": "the unit at the centre of the picture",
    "least": "the unit’s opposite: what it speaks against",
}
"""What a render makes large, as a choice."""

WHOLES: dict[Of, str] = {
    "layer": "the whole layer: whatever it does, more of it",
    "picture": "what the picture does to the layer",
}

SORTED: dict[str, str] = {
    "selectivity": "Selectivity: how many standard deviations above its mean a unit’s ten strongest images drive it.",
    "sparsity": "Sparsity: how few images carry what a unit does above its mean, from 0 (all alike) to 1 (a single one). "
    "A normal distribution has 0.68.",
    "kurtosis": "Excess kurtosis: how far a unit’s rare images lie from all others. A normal distribution has 0.",
}
"""What the number is that a gallery is sorted by."""

VERDICTS: dict[Verdict, str] = {
    "interpretable": "Interpretable",
    "polysemantic": "Polysemantic",
    "uninterpretable": "Not interpretable",
}
"""What may be judged of a unit."""

OPEN, CLOSE = "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"

EXCITED = 95.0
"""Percentile of the corpus from which a picture may be said to excite the unit; below it we say that it did not."""


def made_large(spec: RenderSpec) -> str:
    """What a render makes large."""
    if spec.of in WHOLES:
        return WHOLES[spec.of]
    what = {"direction": "the direction", "prompt": "what the text asks for"}.get(spec.of, "the unit")
    return AIMS[spec.aim].replace("the unit", what)


def form_values(spec: RenderSpec) -> dict[str, Any]:
    """The fields of the form that would make a render again; size and steps only where they are not the preset's."""
    preset = PRESETS.get(spec.preset)
    values = spec.model_dump(exclude={"mix", "direction", "facet"})
    for name in ("size", "steps"):
        if preset and getattr(spec, name) == getattr(preset, name):
            values[name] = ""
    for name in ("strength", "diversity"):
        values[name] = exact(values[name])
    values["direction"] = direction(spec.direction) if spec.direction else None
    values["facet"] = spec.facet
    return values | {f"mix.{pull.facet}": exact(pull.strength) for pull in spec.mix}


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign; a true minus sign, and no `-0.0`."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"+{text}" if value > 0 else f"\N{MINUS SIGN}{text}"


def exact(value: float) -> str:
    """A number as one would type it, to the last digit."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def short(value: float) -> str:
    """A number from 0 to 1 in as few characters as SVG needs, to a thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".").removeprefix("0") or "0"


def plain(value: float) -> str:
    """A number with three figures, for axes and tables."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def long_duration(seconds: float) -> str:
    """Days and hours, hours and minutes, or less."""
    minutes = int(seconds // 60)
    if minutes < 60:
        return count(minutes, "minute")
    if minutes < 24 * 60:
        return f"{count(minutes // 60, 'hour')} {count(minutes % 60, 'minute')}"
    hours = minutes // 60
    return f"{count(hours // 24, 'day')} {count(hours % 24, 'hour')}"


def data_size(size: int) -> str:
    """Bytes in the unit that fits."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}" if size < 1000 * factor else f"{size / factor:,.0f} {unit}"
    return count(size, "byte")


def roughly(seconds: float) -> str:
    """How long something will take, no more precise than it can be known."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        step = 1 if seconds < 10 else 5
        return f"about {max(round(seconds / step) * step, 1)} seconds"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 3600)} hours"


def direction(terms: Sequence[tuple[int, float]]) -> str:
    """Units and weights as a direction is typed, `381 + 0.5*17 - 42`, to the last digit."""
    said = [
        f"{'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{exact(abs(weight))}*'}{unit}"
        for unit, weight in terms
    ]
    return " ".join(said).removeprefix("+ ")


def percent(fraction: float) -> str:
    """A probability from 0 to 1 as a percentage, never rounded up to certainty."""
    share = 100 * fraction
    if 0 < share < 1 or 99 < share < 100:
        return f"{min(max(share, 0.1), 99.9):.1f}%"
    return f"{share:.0f}%"


def percentile(value: float) -> str:
    """A percentile as an ordinal, rounded down so that nothing sounds better than it is."""
    tenths = int(value * 10) / 10
    text = f"{tenths:.0f}" if tenths == int(tenths) else f"{tenths:.1f}"
    return f"{text}{_ordinal_ending(text)}"


def _ordinal_ending(digits: str) -> str:
    if digits[-2:] in ("11", "12", "13"):
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")


def count(number: int, one: str, many: str = "") -> str:
    """`1 picture`, `4,000 pictures`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


RANKED: dict[Of, str] = {"unit": "the unit", "direction": "the direction", "prompt": "what the text asks for"}
"""What the corpus may have a record of: units always, their weighted sums where every activation is recorded."""


def activation_sentence(page: RenderPage) -> str:
    """What the finished picture did to what was made large, measured against the corpus where it keeps a record."""
    rank, what = page.activation_percentile, RANKED.get(page.spec.of)
    if page.activation is None:
        return "The activation on this picture was not measured."
    if what is None or (rank is None and page.spec.of != "unit"):
        return _rise_sentence(page)
    if rank is None:
        return "No images are indexed for this layer, so there is nothing to compare the activation with."
    if page.spec.aim == "least":
        return _silencing_sentence(rank, what)
    if rank >= 100:
        return f"This picture drives {what} harder than every image of the corpus."
    if rank >= EXCITED:
        return f"This picture drives {what} into the {percentile(rank)} percentile of the corpus."
    if rank >= 50:
        return f"This picture only mildly excites {what}: {percentile(rank)} percentile of the corpus."
    return f"This picture did not excite {what}: only the {percentile(rank)} percentile of the corpus."


def _rise_sentence(page: RenderPage) -> str:
    """Where the corpus has no record, what is left is how far the picture came from where it began."""
    first, last = page.first_activation, page.activation
    if first is None or last is None:
        return "The corpus has no record of this, so there is nothing to compare the activation with."
    wanted = last < first if page.spec.aim == "least" else last > first
    came = f"from {plain(first)} after the first step to {plain(last)}"
    if not wanted:
        return f"This picture failed: the activation went {came}."
    return f"The activation went {came}. The corpus has no record of this, so there is no percentile."


def _silencing_sentence(rank: float, what: str) -> str:
    if rank <= 0:
        return f"This picture silences {what} more than every image of the corpus."
    if rank <= 100 - EXCITED:
        return f"This picture silences {what}: only the {percentile(rank)} percentile of the corpus."
    return f"This picture did not silence {what}: {percentile(rank)} percentile of the corpus."


def facet_sentence(pull: FacetPull) -> str:
    """How much the finished picture looks like a facet to the facet's own probe, and how much without any facet."""
    if pull.score is None:
        return ""
    name = f"\N{LEFT DOUBLE QUOTATION MARK}{pull.facet.name}\N{RIGHT DOUBLE QUOTATION MARK}"
    share = percent(pull.score)
    before = "" if pull.plain_score is None else f", {percent(pull.plain_score)} without the facet"
    if pull.strength < 0:
        held = pull.score < 0.5
        return f"Pushed away from {name}, its probe gives the picture {share}{before}." + (
            "" if held else " It did not get away."
        )
    if pull.score >= 0.5:
        return f"Its probe takes it for {name} with {share} probability{before}."
    return (
        f"The facet did not take hold: its probe gives it only {share} for {name}{before}. A higher strength may help."
    )


def spread_sentence(page: RenderPage) -> str:
    """How far the result depends on chance."""
    spread = page.spread
    if spread is None:
        return ""
    said = f"{count(spread.count, 'seed')} reach activations from {plain(spread.low)} to {plain(spread.high)} (mean {plain(spread.mean)}, standard deviation {plain(spread.sd)})"
    if spread.lowest_percentile is None or page.spec.aim == "least":
        return f"{said}."
    if spread.lowest_percentile >= 100:
        return f"{said}; even the lowest is above every image of the corpus."
    return f"{said}; the lowest is at the {percentile(spread.lowest_percentile)} percentile of the corpus."


def rarity_sentence(on: UnitOnImage) -> str:
    """How rare a unit's activation on an image is among those of the corpus; never rounded up to certainty."""
    most, least = 100 - 50 / on.images, 50 / on.images
    if on.images > 1 and on.percentile >= most - 1e-9:
        return f"Of {count(on.images, 'image')}, none drives the unit harder."
    if on.images > 1 and on.percentile <= least + 1e-9:
        return f"Of {count(on.images, 'image')}, every other one drives the unit harder."
    if on.percentile >= 50:
        return f"It drives the unit harder than {percent(on.percentile / 100)} of {count(on.images, 'image')} do."
    return f"It drives the unit less than {percent(1 - on.percentile / 100)} of {count(on.images, 'image')} do."


def given_sentence(page: GivenPage) -> str:
    """What being of the chosen label means for the unit's activation, no surer than the number of images allows."""
    chosen, others = page.chosen, page.others
    if chosen is None:
        return ""
    quoted = f"{OPEN}{chosen.value}{CLOSE}"
    if others is None or chosen.auc is None or chosen.auc_low is None or chosen.auc_high is None:
        return f"Every image of the corpus has the {page.by} {quoted}, so there are no others to compare with."
    of = f"{percent(chosen.auc)} of all pairs (95% interval {percent(chosen.auc_low)} to {percent(chosen.auc_high)})"
    said = f"An image of the {page.by} {quoted} drives the unit harder than one of the others in {of}."
    if chosen.auc_low <= 0.5 <= chosen.auc_high:
        said += " That may be chance."
    if chosen.low is None:
        said += f" {count(chosen.count, 'image')}: too few for an interval of their median."
    return said


def set_sentence(sets: TwoSets, one: str, other: str) -> str:
    """What being of a set of images means for the unit's activation, no surer than their number allows: `one` and `other`
    say what an image of each side is."""
    chosen = sets.chosen
    if chosen.auc is None or chosen.auc_low is None or chosen.auc_high is None:
        return ""
    of = f"{percent(chosen.auc)} of all pairs (95% interval {percent(chosen.auc_low)} to {percent(chosen.auc_high)})"
    said = f"{one} drives the unit harder than {other} in {of}."
    if chosen.auc_low <= 0.5 <= chosen.auc_high:
        said += " That may be chance."
    if chosen.low is None:
        said += f" {count(chosen.count, 'image')}: too few for an interval of their median."
    return said


def probability(value: float) -> str:
    """A probability in two digits, never rounded up to certainty: `.97`, `>.99`."""
    return ">.99" if value > 0.99 else f"{value:.2f}".removeprefix("0")
