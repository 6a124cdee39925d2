"""The strip of a causal check: a text's logit before and after its unit is raised, among those with other units raised."""

from dataclasses import dataclass

from app.answers.text import CausalCheck
from app.web.charts import Axis

MARGIN = 0.04  # of the range, on either side


@dataclass(frozen=True)
class RiseStrip:
    """Places in percent of the drawing."""

    before: float
    after: float
    others: list[float]


def strip(check: CausalCheck) -> RiseStrip:
    """Where everything stands between the lowest and the highest logit."""
    values = [check.before, check.after, *check.others]
    low, high = min(values), max(values)
    axis = Axis(low - MARGIN * (high - low), high + MARGIN * (high - low))
    return RiseStrip(axis(check.before), axis(check.after), [axis(other) for other in check.others])
