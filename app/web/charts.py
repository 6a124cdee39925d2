"""Geometry of the inline SVG charts. Positions are percentages of the drawing, so that text keeps its size on a phone."""

import math
from dataclasses import dataclass

from app.answers import Histogram, Stats, Stratum

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
            title = f"{count:,} images from {low:.2f} to {high:.2f} sd"
            left, right = axis(low), axis(high)
            bars.append(Bar(left, round(right - left, 3), 100 - height, height, title, low + high <= 2 * zero))
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
        found.append((left, round(right - left, 3), f"Band from {low:.1f} to {high:.1f} sd"))
    return found


def _nice(low: float, high: float) -> list[float]:
    """At most `MAX_TICKS` round values inside the range, zero among them if it lies there."""
    raw = (high - low) / (MAX_TICKS - 1) or 1.0
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
