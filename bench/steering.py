"""Does a facet steer? On the model that comes with Facetscope, through the code that serves any other.

The strongest multimodal units within each shipped facet, judged as `app/demo/steering.py` says.
"""

from collections.abc import Sequence

from app.clip import registry
from app.demo.steering import PRESET, STRENGTH, UNITS, Pair, Tell, Theme, listed_units, share, steer, themes
from bench.rows import Row

GOAL = 0.85


def rows(pairs: Sequence[Pair], among: Sequence[Theme]) -> list[Row]:
    """The shares over all pairs, which have goals, and per facet."""
    units = len({pair.unit for pair in pairs})
    note = f"{len(pairs)} pairs: {units} units, {len(among)} facets, preset {PRESET}, strength {STRENGTH:g}"
    up, kept = share([p.up for p in pairs]), share([p.kept for p in pairs])
    found = [
        Row("steering.score_up", up, "share", GOAL, f"{note}; score of a probe that had no part in the picture"),
        Row(
            "steering.activation_kept", kept, "share", GOAL, f"{note}; at least half of the render's without the facet"
        ),
        Row("steering.both", share([p.up and p.kept for p in pairs]), "share", None, note),
    ]
    for theme in among:
        own = [pair for pair in pairs if pair.theme == theme.name]
        said = (
            f"score up {share([p.up for p in own]):.2f}, kept {share([p.kept for p in own]):.2f}; AUC {theme.auc:.2f}"
        )
        found.append(Row(f"steering.{theme.name}", share([p.up and p.kept for p in own]), "share", None, said))
    return found


def measure(tell: Tell) -> list[Row]:
    """Steer the shipped model's units by its shipped facets."""
    clip = registry.load(registry.entry("iconclip"), registry.RELEASE, "cpu", offline=True)
    among = list(themes(clip, registry.RELEASE, tell))
    return rows(steer(clip, listed_units(registry.RELEASE)[:UNITS], among, tell), among)
