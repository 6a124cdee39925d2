"""Geometry of the inline SVG charts. Positions are percentages of the drawing, so that text keeps its size on a phone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.answers.examples import ActivationBand, Histogram, Stats, Stratum
from app.answers.given import GivenPage, LabelResponse, LabelShare, TwoSets
from app.answers.labellings import LabellingPage
from app.web import words

MAX_TICKS = 9


@dataclass(frozen=True)
class Bar:
    """One rectangle, in percent of the drawing; `title` is what it says in words."""

    x: float
    width: float
    y: float
    height: float
    title: str
    negative: bool


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class HistogramChart:
    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    bands: list[tuple[float, float, str]]
    zero: float | None
    mean: float
    summary: str


class Axis:
    """Maps values in `[low, high]` to percent of the drawing's width."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.span = low, (high - low) or 1.0

    def __call__(self, value: float) -> float:
        return round(100 * (value - self.low) / self.span, 3)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.low + self.span


def histogram(data: Histogram, stats: Stats, strata: list[Stratum]) -> HistogramChart | None:
    """Draw counts on a log scale over standard deviations from the mean; None if there is nothing to draw.

    Bars are negative where the activation itself is: there the image pushes the unit down.
    """
    filled = [index for index, count in enumerate(data.counts) if count]
    if not filled:
        return None
    first, last = filled[0], filled[-1] + 1
    edges = [in_sd(edge, stats) for edge in data.edges[first : last + 1]]
    counts = data.counts[first:last]
    zero = in_sd(0.0, stats)
    axis = Axis(min(edges[0], 0.0), max(edges[-1], 0.0))
    return HistogramChart(
        bars=_bars(edges, counts, axis, zero),
        x_ticks=[Tick(axis(value), _tick_label(value)) for value in _nice(axis.low, axis.low + axis.span)],
        y_ticks=[Tick(100 - _log_height(10**power, max(counts)), f"{10**power:,}") for power in _powers(max(counts))],
        bands=_bands(strata, axis, stats),
        zero=axis(zero) if zero in axis else None,
        mean=axis(0.0),
        summary=_summary(edges, stats),
    )


def in_sd(activation: float, stats: Stats) -> float:
    """An activation in standard deviations from its mean over the corpus."""
    return (activation - stats.mean) / (stats.std or 1.0)


def _bars(edges: list[float], counts: list[int], axis: Axis, zero: float) -> list[Bar]:
    most = max(counts)
    bars = []
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            height = _log_height(count, most)
            title = f"{words.count(count, 'image')}, {low:.1f} to {high:.1f} sd"
            left, right = axis(low), axis(high)
            bars.append(
                Bar(left, round(right - left, 3), round(100 - height, 3), height, title, low + high <= 2 * zero)
            )
    return bars


def _log_height(count: float, most: int) -> float:
    """Height in percent; `log(1 + count)` keeps a single image visible."""
    return round(100 * math.log1p(count) / math.log1p(most), 3)


def _powers(most: int) -> range:
    return range(int(math.log10(most)) + 1)


def _bands(strata: list[Stratum], axis: Axis, stats: Stats) -> list[tuple[float, float, str]]:
    """Left edge, width and title of each band of activation below the axis."""
    found = []
    for band in strata:
        low, high = in_sd(band.low, stats), in_sd(band.high, stats)
        left, right = (min(max(axis(edge), 0.0), 100.0) for edge in (low, high))
        found.append((left, round(right - left, 3), f"Band from {low:.1f} to {high:.1f} sd, {band.count:,} images"))
    return found


def _nice(low: float, high: float, most: int = MAX_TICKS) -> list[float]:
    """At most `most` round values inside the range, zero among them if it lies there."""
    raw = (high - low) / (most - 1) or 1.0
    base = 10 ** math.floor(math.log10(raw))
    step = next(base * factor for factor in (1, 2, 5, 10, 20) if base * factor >= raw)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _tick_label(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _summary(edges: list[float], stats: Stats) -> str:
    return (
        f"Histogram of the unit's activation over {stats.images:,} images, from {edges[0]:.1f} to {edges[-1]:.1f} "
        "standard deviations from the mean; counts on a logarithmic scale."
    )


def auc_position(auc: float) -> float:
    """Where an AUC lies on an axis from 0.4 to 1, in percent; 0.5 is chance."""
    return round(min(max(100 * (auc - 0.4) / 0.6, 0.0), 100.0), 2)


@dataclass(frozen=True)
class Marker:
    """A median: where it lies, and its interval from `low` over `width`; without one `width` is 0."""

    at: float
    low: float
    width: float


@dataclass(frozen=True)
class BesideChart:
    """Two histograms back to back: bars upwards of the chosen images, downwards of the others."""

    up: list[Bar]
    down: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    chosen: Marker
    others: Marker
    summary: str


def beside(page: GivenPage) -> BesideChart | None:
    """Draw the shares of the chosen images and of the others over activation; None where either is missing."""
    if page.chosen is None or page.others is None:
        return None
    sets = TwoSets(
        ones=f"images of {page.by} {page.value}",
        rest="others",
        chosen=page.chosen,
        others=page.others,
        edges=page.edges,
        counts=page.counts,
        other_counts=page.other_counts,
        strongest=[],
        weakest=[],
    )
    return two_sets(sets)


def two_sets(sets: TwoSets) -> BesideChart:
    """Draw the shares of two sets of images over activation."""
    axis = Axis(sets.edges[0], sets.edges[-1])
    ups, downs = (
        [count / of for count in counts]
        for counts, of in ((sets.counts, sets.chosen.count), (sets.other_counts, sets.others.count))
    )
    most = max(*ups, *downs)
    up = _shares(sets.edges, sets.counts, ups, most, axis, upwards=True)
    down = _shares(sets.edges, sets.other_counts, downs, most, axis, upwards=False)
    ticks = [Tick(50 - 50 * value / most, f"{100 * value:.3g}%") for value in _nice(0, most, 4)[1:]]
    return BesideChart(
        up=up,
        down=down,
        x_ticks=[Tick(axis(value), _tick_label(value)) for value in _nice(axis.low, axis.low + axis.span)],
        y_ticks=[*ticks, Tick(50, "0"), *(Tick(100 - tick.at, tick.label) for tick in ticks)],
        chosen=_marker(axis, sets.chosen.median, sets.chosen.low, sets.chosen.high),
        others=_marker(axis, sets.others.median, sets.others.low, sets.others.high),
        summary=(
            f"The unit's activation on {sets.chosen.count:,} {sets.ones}, above, and on {sets.others.count:,} {sets.rest}, "
            "below: each as shares of its own images, in standard deviations from the mean. The medians are "
            f"{sets.chosen.median:.2f} and {sets.others.median:.2f}."
        ),
    )


def _shares(
    edges: list[float], counts: list[int], shares: list[float], most: float, axis: Axis, *, upwards: bool
) -> list[Bar]:
    bars = []
    for low, high, count, share in zip(edges[:-1], edges[1:], counts, shares, strict=True):
        if count:
            height = round(50 * share / most, 3)
            title = f"{count:,} images, {100 * share:.1f}%, from {low:.2f} to {high:.2f} sd"
            left, y = axis(low), 50 - height if upwards else 50.0
            bars.append(Bar(left, round(axis(high) - left, 3), y, height, title, not upwards))
    return bars


def _marker(axis: Axis, value: float, low: float | None, high: float | None) -> Marker:
    if low is None or high is None:
        return Marker(axis(value), axis(value), 0.0)
    return Marker(axis(value), axis(low), round(axis(high) - axis(low), 3))


@dataclass(frozen=True)
class MedianChart:
    """Medians of labels on one axis, in the order of the labels; `zero` is the mean of the corpus."""

    markers: list[Marker]
    zero: float


def medians(labels: Sequence[LabelResponse]) -> MedianChart:
    """Draw the medians of labels with their intervals."""
    ends = [value for each in labels for value in (each.median, each.low, each.high) if value is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.04 * ((high - low) or 1.0)
    axis = Axis(low - room, high + room)
    return MedianChart([_marker(axis, each.median, each.low, each.high) for each in labels], axis(0.0))


@dataclass(frozen=True)
class Area:
    """One value's share in every band as a polygon, in percent of the drawing; `number` is written in it at `at` where it
    is thick enough."""

    points: str
    number: int
    kind: str
    at: tuple[float, float] | None
    title: str


@dataclass(frozen=True)
class SharesChart:
    """Stacked shares over the bands of activation; `veils` are the bands, left edge and width, of few images."""

    areas: list[Area]
    x_ticks: list[Tick]
    counts: list[Tick]
    veils: list[tuple[float, float]]
    zero: float | None
    summary: str


FEW_IMAGES = 10  # in a band: the shares say little
THICK = 9.0  # percent of the height that a number needs


def stacked(by: str, bands: Sequence[ActivationBand], shares: Sequence[LabelShare]) -> SharesChart | None:
    """Draw the probability of each value in each band of activation; None for a unit that never varies."""
    if not bands or bands[0].low >= bands[-1].high:
        return None
    axis = Axis(bands[0].low, bands[-1].high)
    filled = [place for place, band in enumerate(bands) if band.count]
    centres = [axis((bands[place].low + bands[place].high) / 2) for place in filled]
    xs = [0.0, *centres, 100.0]
    below = [100.0] * len(xs)
    areas = []
    for number, share in enumerate(shares, 1):
        parts = [100 * (share.shares[place] or 0.0) for place in filled]
        above = [y - part for y, part in zip(below, [parts[0], *parts, parts[-1]], strict=True)]
        outline = [*zip(xs, above, strict=True), *reversed(list(zip(xs, below, strict=True)))]
        thickest = max(range(len(parts)), key=lambda place: (bands[filled[place]].count >= FEW_IMAGES, parts[place]))
        at = (centres[thickest], round((above[thickest + 1] + below[thickest + 1]) / 2, 3))
        areas.append(
            Area(
                points=" ".join(f"{x:.2f},{y:.2f}" for x, y in outline),
                number=number,
                kind=share_kind(number, share),
                at=at if parts[thickest] >= THICK and bands[filled[thickest]].count >= FEW_IMAGES else None,
                title=f"{share.value}: {share.count:,} images",
            )
        )
        below = above
    return SharesChart(
        areas=areas,
        x_ticks=[Tick(axis(value), _tick_label(value)) for value in _nice(axis.low, axis.low + axis.span)],
        counts=[Tick(axis((band.low + band.high) / 2), short_count(band.count)) for band in bands],
        veils=[(axis(b.low), round(axis(b.high) - axis(b.low), 3)) for b in bands if b.count < FEW_IMAGES],
        zero=axis(0.0) if 0.0 in axis else None,
        summary=f"Which {by} the images in each band of activation have, as shares of the band's images.",
    )


def tagged(page: LabellingPage) -> SharesChart | None:
    """Draw a finished labelling: the share of each category in each band, or of one against all others."""
    shown = [each for each in page.shares if page.only in (None, each.name)]
    shares = [
        LabelShare(value=each.name, url=each.url, count=each.count, shares=[share.share for share in each.shares])
        for each in shown
    ]
    if page.only:
        rest = [None if share is None else 1 - share for share in shares[0].shares]
        shares.append(LabelShare(value="all others", url=None, count=page.done - shares[0].count, shares=rest))
    return stacked("category", page.bands, shares)


def share_kind(number: int, share: LabelShare) -> str:
    """The class of a share's colour: its place from 1 on, or `rest` for what is no single value."""
    return str(number) if share.url else "rest"


def short_count(count: int) -> str:
    """A number in at most four characters."""
    for limit, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= limit:
            return f"{count / limit:.1f}{unit}" if count < 10 * limit else f"{count // limit}{unit}"
    return str(count)


@dataclass(frozen=True)
class Bars:
    """Bars of a list, as percent of its width; `mark` is where a value beside them lies, None where it is off the scale."""

    widths: list[float]
    mark: float | None


def bars(values: Sequence[float], mark: float | None = None) -> Bars:
    """Bars from zero, the longest as wide as the list; what is below zero has none."""
    longest = max([*values, 1e-9])
    at = None if mark is None or not 0 <= mark <= longest else round(100 * mark / longest, 2)
    return Bars([round(100 * max(value, 0) / longest, 2) for value in values], at)
