"""Which layers of a model are worth indexing."""

from collections.abc import Sequence

import numpy as np

from app.clip.clip import Clip


def default_layers(clip: Clip) -> list[str]:
    """The layers of a model that are indexed unless told otherwise; see `worth_indexing`."""
    return worth_indexing(list(clip.layers))


def worth_indexing(names: Sequence[str]) -> list[str]:
    """The last block of each stage, and every second one of the stage before the last, where facets are trained.

    A transformer has no stages: its blocks count as four stages of equal depth.
    """
    stages: dict[str, list[str]] = {}
    for name in names:
        stages.setdefault(name.rpartition(".")[0], []).append(name)
    groups = list(stages.values())
    if len(groups) == 1:
        groups = [part.tolist() for part in np.array_split(list(names), min(4, len(names)))]
    wanted = {group[-1] for group in groups} | set(groups[max(0, len(groups) - 2)][::2])
    return [name for name in names if name in wanted]
