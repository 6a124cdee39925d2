"""Numbers and scores in plain words, for the templates."""

from app.answers import RenderPage
from app.spec import Aim

AIMS: dict[Aim, str] = {
    "unit": "the unit, all over the picture",
    "centre": "the unit at the centre of the picture",
    "least": "the unit’s opposite: what it speaks against",
}
"""What a render makes large, as a choice."""

EXCITED = 95.0
"""Percentile of the corpus from which a picture may be said to excite the unit; below it we say that it did not."""


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign; a true minus sign, and no `-0.0`."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"+{text}" if value > 0 else f"\N{MINUS SIGN}{text}"


def plain(value: float) -> str:
    """A number with three figures, for axes and tables."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


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


def activation_sentence(page: RenderPage) -> str:
    """What the finished picture did to the unit, measured against the corpus."""
    rank = page.activation_percentile
    if page.activation is None:
        return "The unit's activation on this picture was not measured."
    if rank is None:
        return "No images are indexed for this layer, so there is nothing to compare the activation with."
    if page.spec.aim == "least":
        return _silencing_sentence(rank)
    if rank >= 100:
        return "This picture drives the unit harder than every image of the corpus."
    if rank >= EXCITED:
        return f"This picture drives the unit into the {percentile(rank)} percentile of the corpus."
    if rank >= 50:
        return f"This picture only mildly excites the unit: {percentile(rank)} percentile of the corpus."
    return f"This picture did not excite the unit: only the {percentile(rank)} percentile of the corpus."


def _silencing_sentence(rank: float) -> str:
    if rank <= 0:
        return "This picture silences the unit more than every image of the corpus."
    if rank <= 100 - EXCITED:
        return f"This picture silences the unit: only the {percentile(rank)} percentile of the corpus."
    return f"This picture did not silence the unit: {percentile(rank)} percentile of the corpus."


def facet_sentence(page: RenderPage) -> str:
    """How much the finished picture looks like the facet to the facet's own probe."""
    if page.facet_score is None or page.facet is None:
        return ""
    share = percent(page.facet_score)
    if page.facet_score >= 0.5:
        return f"Its probe takes it for \N{LEFT DOUBLE QUOTATION MARK}{page.facet.name}\N{RIGHT DOUBLE QUOTATION MARK} with {share} probability."
    return (
        f"The facet did not take hold: its probe gives it only {share} for "
        f"\N{LEFT DOUBLE QUOTATION MARK}{page.facet.name}\N{RIGHT DOUBLE QUOTATION MARK}. A higher strength may help."
    )
