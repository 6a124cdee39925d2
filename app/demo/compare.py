"""Are the prebuilt files what the shipped weights and pictures give? Compared with files made anew.

Machines round differently, so numbers agree within tolerances. An order of examples may differ only where the
activations are that close. A render amplifies rounding: its pictures agree on average.
"""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from app.corpus.manifest import IndexManifest
from app.facets import facet as facet_file

ROUNDING = 1e-3  # standard deviations of a unit: activations this close count as equal
MOVED = 0.01  # share of a unit's images that rounding may move to another cell of the histogram, place or band
ALIKE = 0.999  # cosine between two trainings of one probe
# Of 255: mean absolute difference of two gallery pictures of one unit, the mean over 16 units or more. Another order of
# summing gave 5 to 12, another facet 42 to 56, another unit 52 to 116.
COLOUR = 20.0

Arrays = dict[str, np.ndarray]


def differences(shipped: Path, fresh: Path) -> Iterator[str]:
    """A sentence for everything of `fresh` that is missing in `shipped` or differs; galleries by `fresh`'s units."""
    for pattern, compare in _COMPARISONS.items():
        made, there = ({path.relative_to(root) for path in root.glob(pattern)} for root in (fresh, shipped))
        yield from (f"{name} is missing." for name in sorted(made - there))
        yield from (f"{name} is left over from other pictures." for name in sorted(there - made))
        for name in sorted(made & there):
            yield from (f"{name}: {sentence}" for sentence in compare(shipped / name, fresh / name))


def _manifest(shipped: Path, fresh: Path) -> Iterator[str]:
    ours, theirs = IndexManifest.read(shipped.parent), IndexManifest.read(fresh.parent)
    if ours != theirs:
        yield f"it is of key {ours.key} and has {ours.images} images, not {theirs.key} and {theirs.images}."


def _tables(shipped: Path, fresh: Path) -> Iterator[str]:
    with np.load(shipped) as first, np.load(fresh) as second:
        ours, theirs = dict(first), dict(second)
    if {name: array.shape for name, array in ours.items()} != {name: array.shape for name, array in theirs.items()}:
        yield "it has other tables."
        return
    sd = np.maximum(theirs["moments.std"], 1e-12)[:, None]
    for name in ("moments.mean", "moments.std", "histogram.low", "histogram.high"):
        apart = np.abs(ours[name] - theirs[name])[:, None] / sd
        yield from _worst(f"{name} differs", apart)
    for end in ("top", "bottom"):
        yield from _worst(f"the {end} examples differ", _examples_apart(ours, theirs, end) / sd)
    yield from _moved(ours, theirs)


def _worst(what: str, apart: np.ndarray) -> Iterator[str]:
    """Sentences on distances [C, n] in standard deviations."""
    if (apart > ROUNDING).any():
        units = int((apart > ROUNDING).any(1).sum())
        yield f"{what} by up to {apart.max():.2g} sd, for {units} units by more than {ROUNDING}."


def _examples_apart(ours: Arrays, theirs: Arrays, end: str) -> np.ndarray:
    """How far each example's activation [C, n] is from that of the same image in the other list, or, where it is not
    there, from the other list's last: by so much at least the order of the two lists differs. Places that a corpus too
    small for the list leaves open are alike."""
    apart = []
    for mine, other in ((ours, theirs), (theirs, ours)):
        values, others = (np.nan_to_num(side[f"{end}.values"], posinf=0.0, neginf=0.0) for side in (mine, other))
        same = mine[f"{end}.ids"][:, :, None] == other[f"{end}.ids"][:, None, :]
        value = np.where(same, others[:, None, :], 0).sum(2)
        value = np.where(same.any(2), value, others[:, -1:])
        apart.append(np.abs(values - value))
    return np.maximum(*apart)


def _moved(ours: Arrays, theirs: Arrays) -> Iterator[str]:
    """Sentences on what is counted or drawn by cell; units whose range rounding pushed over a power of two are left
    out, since their cells are others."""
    for name, ids in (("histogram", "histogram.counts"), ("bands", "bands.ids")):
        same = (ours[f"{name}.level"] == theirs[f"{name}.level"]) & (ours[f"{name}.base"] == theirs[f"{name}.base"])
        if (~same).mean() > MOVED:
            yield f"{name} has other cells for {int((~same).sum())} units."
        first, second = (tables[ids][same].reshape(int(same.sum()), -1) for tables in (ours, theirs))
        share = (
            np.abs(first - second).sum() / 2 / max(first.sum(), 1) if name == "histogram" else (first != second).mean()
        )
        if share > MOVED:
            yield f"{name} has {share:.1%} of its images elsewhere."


def _spectrum(shipped: Path, fresh: Path) -> Iterator[str]:
    with np.load(shipped) as first, np.load(fresh) as second:
        if str(first["key"]) != str(second["key"]):
            yield f"it is of key {first['key']}, not {second['key']}."
        elif not np.allclose(first["amplitude"], second["amplitude"], rtol=ROUNDING, atol=0):
            yield "it has other amplitudes."


def _facets(shipped: Path, fresh: Path) -> Iterator[str]:
    ours, theirs = facet_file.load(shipped), facet_file.load(fresh)
    if (ours.weights_hash, list(ours.probes)) != (theirs.weights_hash, list(theirs.probes)):
        yield f"it was trained on weights {ours.weights_hash} and layers {list(ours.probes)}."
        return
    for layer, probe in ours.probes.items():
        first, second = probe.weight.flatten().double(), theirs.probes[layer].weight.flatten().double()
        cosine = float(first @ second / (first.norm() * second.norm()))
        if cosine < ALIKE:
            yield f"the probe of {layer} has a cosine of {cosine:.4f} to the one trained anew."


def _galleries(shipped: Path, fresh: Path) -> Iterator[str]:
    with zipfile.ZipFile(shipped) as ours, zipfile.ZipFile(fresh) as theirs:
        if ours.read("about.json") != theirs.read("about.json"):
            yield f"it was made with {ours.read('about.json').decode()}."
            return
        names = [name for name in theirs.namelist() if name.endswith(".webp")]
        missing = sorted(set(names) - set(ours.namelist()))
        if missing:
            yield f"{', '.join(missing[:5])} of {len(missing)} are missing."
            return
        apart = [np.abs(_pixels(ours, name) - _pixels(theirs, name)).mean() for name in names]
    if np.mean(apart) > COLOUR:
        worst = names[int(np.argmax(apart))]
        yield f"its pictures differ by {np.mean(apart):.1f} of 255, {worst} by {max(apart):.1f}."


def _pixels(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(archive.read(name))).convert("RGB"), dtype=np.float32)


_COMPARISONS = {
    "index/manifest.json": _manifest,
    "index/layers/*.npz": _tables,
    "index/spectrum.npz": _spectrum,
    "facets/*.safetensors": _facets,
    "gallery/*/*.zip": _galleries,
}
